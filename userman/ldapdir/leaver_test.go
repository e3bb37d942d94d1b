package ldapdir_test

import (
	"cmp"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// office is a directory whose first user is jane, with two groups of one name, and a
// service with its users.
type office struct {
	*userman.Service

	tokens *apitoken.Service
	// mu guards users.
	mu    sync.Mutex
	users []map[string][]string
}

// newOffice returns an office with the user jane, who has the extension 1001.
func newOffice(t *testing.T, jane map[string][]string, opts ...func(*ldapdir.Options)) *office {
	t.Helper()
	o := &office{users: []map[string][]string{jane}}
	d := newFakeServer(t, o.answer).directory(t, append(opts, withGroups, func(o *ldapdir.Options) {
		preset, _ := cmp.Or(o.Kind, ldapdir.OpenLDAP).Preset()
		o.Attributes = preset.Attributes
		o.Attributes["default_extension"] = "ipPhone"
	})...)
	db := memstore.New()
	o.Service = userman.New(db.Users(""), &userman.Options{
		Directories: []userman.Directory{d}, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
		Dependents: []userman.Dependents{apitoken.Dependents(db.Tokens(""), nil)},
	})
	o.tokens = apitoken.New(db.Tokens(""), o.Service, nil)
	return o
}

// answer answers a search for one user with the first one. Any password is right.
func (o *office) answer(c *client, op ber.Tag) {
	o.mu.Lock()
	users := o.users
	o.mu.Unlock()
	groups := []map[string][]string{
		{"dn": {"cn=Sales,ou=a," + groupBase}, "cn": {"Sales"}, "member": users[0]["dn"]},
		{"dn": {"cn=sales,ou=b," + groupBase}, "cn": {"sales"}, "member": users[0]["dn"]},
	}
	if op == ldap.ApplicationSearchRequest {
		filter, _ := ldap.DecompileFilter(c.request.Children[6])
		if strings.Contains(filter, "(objectGUID=") || strings.Contains(filter, "(entryUUID=") {
			users = users[:1]
		}
	}
	serveGroups(groups, users)(c, op)
}

// setUsers replaces the users of the directory.
func (o *office) setUsers(users ...map[string][]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users = users
}

// sync syncs, and returns the steps.
func (o *office) sync(t *testing.T) []string {
	t.Helper()
	r, err := o.Sync(t.Context(), "fake", nil)
	require.NoError(t, err)
	require.Empty(t, r.Problems)
	steps := make([]string, len(r.Steps))
	for i, step := range r.Steps {
		steps[i] = strings.Join(append([]string{string(step.Action), step.Username}, step.Fields...), " ")
	}
	return steps
}

// accesses are the ways in which jane uses the system. Each returns an error if it is
// rejected.
func (o *office) accesses(t *testing.T) map[string]func() error {
	t.Helper()
	_, err := o.Update(t.Context(), "jane", func(u *userman.User) error {
		u.Permissions = permission.Permissions{permission.RESTUse: permission.On(), permission.XMPPLogin: permission.On()}
		return nil
	})
	require.NoError(t, err)
	token, key, err := o.tokens.Create(t.Context(), "jane", &apitoken.Token{})
	require.NoError(t, err)
	addr := netip.MustParseAddr("192.0.2.1")
	attempt := credential.LoginAttempt{Username: "jane", Password: store.NewSecret(password), RemoteAddr: addr}
	login, err := o.Authenticate(t.Context(), attempt)
	require.NoError(t, err)
	return map[string]func() error{
		"API token": func() error {
			_, err := o.tokens.Authenticate(t.Context(), apitoken.Request{TokenID: token.ID, Key: key, Module: "voicemail", RemoteAddr: addr})
			return err
		},
		"session": func() error { _, err := o.Session(t.Context(), login.User.ID, login.User.SessionEpoch); return err },
		"login":   func() error { _, err := o.Authenticate(t.Context(), attempt); return err },
		"service": func() error {
			_, err := o.AuthenticateService(t.Context(), "xmpp", "jane", attempt.Password)
			return err
		},
	}
}

// TestDirectory_Each_leaverLosesAllAccessInOneSync has an entry that is disabled, and
// that has faults of all kinds. A successor has the extension.
func TestDirectory_Each_leaverLosesAllAccessInOneSync(t *testing.T) {
	t.Parallel()
	active := func(guid, name string) map[string][]string {
		return map[string][]string{"dn": {"cn=" + name}, "objectGUID": {strings.Repeat(guid, 16)}, "sAMAccountName": {name}}
	}
	withActive := func(o *ldapdir.Options) { o.Kind = ldapdir.ActiveDirectory }
	locked := func(id, name string) map[string][]string { return userEntry("id-"+id, name) }
	for name, test := range map[string]struct {
		entry func(id, name string) map[string][]string
		opt   func(*ldapdir.Options)
		left  map[string][]string
	}{
		"userAccountControl 514":           {active, withActive, map[string][]string{"userAccountControl": {"514"}}},
		"userAccountControl with nonsense": {active, withActive, map[string][]string{"userAccountControl": {"66050"}, "accountExpires": {"soon"}}},
		"accountExpires in the past":       {active, withActive, map[string][]string{"userAccountControl": {"512"}, "accountExpires": {"132223104000000000"}}},
		"nsAccountLock":                    {locked, func(*ldapdir.Options) {}, map[string][]string{"nsAccountLock": {"TRUE"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			jane := test.entry("1", "jane")
			jane["ipPhone"] = []string{"1001"}
			o := newOffice(t, jane, test.opt)
			require.Equal(t, []string{"create jane"}, o.sync(t))
			accesses := o.accesses(t)
			for access, try := range accesses {
				require.NoError(t, try(), access)
			}

			left := maps.Clone(jane)
			maps.Copy(left, test.left)
			left["telephoneNumber"], left["mail"], left["sn"] = []string{"ask\x00reception"}, []string{"no address"}, []string{"M\xfcller"}
			successor := test.entry("2", "john")
			successor["ipPhone"] = []string{"1001"}
			o.setUsers(left, successor)
			require.Equal(t, []string{"disable jane default_extension", "create john"}, o.sync(t))
			gone, err := o.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.True(t, gone.Disabled)
			require.Empty(t, gone.DefaultExtension)
			john, err := o.Get(t.Context(), "john")
			require.NoError(t, err)
			require.Equal(t, "1001", john.DefaultExtension)
			for access, try := range accesses {
				want := store.ErrForbidden
				if access == "session" {
					want = store.ErrNotFound
				}
				require.ErrorIs(t, try(), want, access)
			}
			require.Empty(t, o.sync(t), "one sync is enough")
		})
	}
}

// 0 and 2^63-1 mean never (MS-ADA1, 2.2).
func TestDirectory_Each_accountThatNeverExpiresKeepsAccess(t *testing.T) {
	t.Parallel()
	jane := map[string][]string{"dn": {"cn=jane"}, "objectGUID": {strings.Repeat("1", 16)}, "sAMAccountName": {"jane"}, "ipPhone": {"1001"}, "userAccountControl": {"512"}}
	o := newOffice(t, jane, func(o *ldapdir.Options) { o.Kind = ldapdir.ActiveDirectory })
	o.sync(t)
	accesses := o.accesses(t)
	for _, expires := range []string{"0", "9223372036854775807", "150000000000000000"} { // the last is in 2076
		next := maps.Clone(jane)
		next["accountExpires"] = []string{expires}
		o.setUsers(next)
		require.Empty(t, o.sync(t), expires)
		for access, try := range accesses {
			require.NoError(t, try(), access)
		}
	}
}

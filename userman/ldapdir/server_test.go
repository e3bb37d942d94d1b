package ldapdir_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/ldap"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// These tests use OpenLDAP's slapd; see package testservers/ldap.

const (
	usersDN  = "ou=people," + ldap.BaseDN
	groupsDN = "ou=groups," + ldap.BaseDN
	password = "correct horse"
	baseLDIF = "dn: " + usersDN + "\nobjectClass: organizationalUnit\n\ndn: " + groupsDN + "\nobjectClass: organizationalUnit\n\n"
)

// userLDIF is the LDIF of a user.
func userLDIF(uid string) string {
	return fmt.Sprintf("dn: uid=%s,%s\nobjectClass: inetOrgPerson\ncn: %[1]s\nsn: Doe\nuserPassword: %[3]s\nmail: %[1]s@example.com\n\n",
		uid, usersDN, password)
}

// groupLDIF is the LDIF of a group.
func groupLDIF(name string, uids ...string) string {
	var ldif strings.Builder
	fmt.Fprintf(&ldif, "dn: cn=%s,%s\nobjectClass: groupOfNames\n", name, groupsDN)
	for _, uid := range uids {
		fmt.Fprintf(&ldif, "member: uid=%s,%s\n", uid, usersDN)
	}
	return ldif.String() + "\n"
}

// newDirectory returns a directory over the server.
func newDirectory(t *testing.T, server *ldap.Server, opts ...func(*ldapdir.Options)) *ldapdir.Directory {
	t.Helper()
	o := ldapdir.Options{
		Name: "head-office", URLs: []string{server.TLSURL()}, TLSConfig: tlsConfig(server),
		BindDN: ldap.ReaderDN, BindPassword: store.NewSecret(server.ReaderPassword), BaseDN: usersDN, GroupBaseDN: groupsDN,
	}
	for _, change := range opts {
		change(&o)
	}
	d, err := ldapdir.New(o)
	require.NoError(t, err)
	return d
}

func tlsConfig(server *ldap.Server) *tls.Config {
	return &tls.Config{RootCAs: server.Certificate.RootCAs, MinVersion: tls.VersionTLS12}
}

func withStartTLS(server *ldap.Server) func(*ldapdir.Options) {
	return func(o *ldapdir.Options) { o.URLs, o.StartTLS = []string{server.URL()}, true }
}

// newService returns a service with users from the directory.
func newService(st userman.Store, d userman.Directory) *userman.Service {
	return userman.New(st, &userman.Options{
		Directories: []userman.Directory{d}, Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
}

func syncAll(t *testing.T, s *userman.Service) *userman.SyncReport {
	t.Helper()
	r, err := s.Sync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	require.Empty(t, r.Problems)
	return r
}

func TestDirectory_Each_readsAllPages(t *testing.T) {
	t.Parallel()
	const many = 1200
	ldif := strings.Builder{}
	ldif.WriteString(baseLDIF)
	for i := range many {
		ldif.WriteString(userLDIF(fmt.Sprintf("user%04d", i)))
	}
	ldif.WriteString(groupLDIF("Sales", "user0000", "user0001"))
	server := ldap.Start(t, &ldap.Options{LDIF: ldif.String()})
	d := newDirectory(t, server)
	s := newService(memstore.New().Users(""), d)
	seen, err := d.Test(t.Context())
	require.NoError(t, err)
	require.Equal(t, 500, seen, "one page")

	r := syncAll(t, s)
	require.Equal(t, many, r.Entries)
	require.Len(t, r.Steps, many)
	require.Equal(t, []string{"Sales"}, r.Groups)
	list, err := s.List(t.Context(), userman.Query{Group: "sales"})
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	require.Equal(t, "user0000@example.com", list.Items[0].Email)

	server.Rename(t, "uid=user0000,"+usersDN, "uid=renamed")
	server.Modify(t, "cn=Sales,"+groupsDN, map[string][]string{"member": {"uid=user0002," + usersDN}})
	server.Delete(t, "uid=user1199,"+usersDN)
	r = syncAll(t, s)
	actions := map[string][]string{}
	for _, step := range r.Steps {
		actions[string(step.Action)+" "+step.Username] = step.Fields
	}
	require.Equal(t, map[string][]string{
		"update renamed": {"groups", "username"}, "update user0001": {"groups"}, "update user0002": {"groups"}, "disable user1199": nil,
	}, actions)
	renamed, err := s.Get(t.Context(), "renamed")
	require.NoError(t, err)
	require.Equal(t, list.Items[0].ID, renamed.ID)
	require.Equal(t, many-4, r.Unchanged)
}

func TestDirectory_Authenticate_bindsAsUser(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF + userLDIF("jane") + userLDIF("john")})
	for name, option := range map[string]func(*ldapdir.Options){"StartTLS": withStartTLS(server), "ldaps": func(*ldapdir.Options) {}, "loopback": func(o *ldapdir.Options) { o.URLs = []string{server.URL()} }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(memstore.New().Users(""), newDirectory(t, server, option))
			syncAll(t, s)
			login := func(username, password string) error {
				_, err := s.Authenticate(t.Context(), credential.LoginAttempt{Username: username, Password: store.NewSecret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1")})
				return err
			}
			require.NoError(t, login("jane", password))
			require.NoError(t, login("JOHN", password))
			for _, bad := range []struct{ username, password string }{
				{"jane", "wrong"}, {"jane", ""}, {"*", password}, {"*)(uid=*", password}, {"jane)(|(uid=*)", password}, {"nobody", password},
			} {
				loginErr, ok := errors.AsType[*credential.LoginError](login(bad.username, bad.password))
				require.True(t, ok, bad.username)
				require.Equal(t, credential.InvalidCredentials, loginErr.Code)
			}
		})
	}
}

func TestDirectory_Authenticate_matchesExternalIDExactly(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF + userLDIF("jane") + "dn: cn=guest," + ldap.BaseDN + "\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\nuserPassword: " + password + "\n"})
	for attribute, right := range map[string]string{"uid": "jane", "entryUUID": ""} {
		d := newDirectory(t, server, func(o *ldapdir.Options) { o.ExternalID = attribute })
		all, err := readAll(t, d)
		require.NoError(t, err)
		require.Len(t, all, 1)
		if right != "" {
			require.Equal(t, right, all[0].ExternalID)
		}
		authenticates := func(id, password string) bool {
			ok, err := d.Authenticate(t.Context(), id, store.NewSecret(password))
			require.NoError(t, err)
			return ok
		}
		require.True(t, authenticates(all[0].ExternalID, password))
		for _, id := range []string{"*", "jan*", "*)(uid=*", "jane)(uid=*", `\2a`, "jane\x00", "\xff", "guest", "uid=jane," + usersDN, "00000000-0000-0000-0000-000000000000"} {
			require.False(t, authenticates(id, password), id)
		}
		for _, invalid := range []string{"", "\x00", "Correct horse", password + "\x00", password + " "} {
			require.False(t, authenticates(all[0].ExternalID, invalid), invalid)
		}
	}
}

func TestDirectory_Test_rejectsUntrustedServer(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF})
	for _, option := range []func(*ldapdir.Options){withStartTLS(server), func(*ldapdir.Options) {}} {
		d := newDirectory(t, server, option, func(o *ldapdir.Options) { o.TLSConfig = nil })
		_, err := d.Test(t.Context())
		require.ErrorContains(t, err, "certificate")
		require.NotContains(t, err.Error(), server.ReaderPassword)
	}
	d := newDirectory(t, server, func(o *ldapdir.Options) { o.BindPassword = store.NewSecret("wrong secret") })
	_, err := d.Test(t.Context())
	require.EqualError(t, err, fmt.Sprintf(`ldapdir: %s: the server answered "Invalid Credentials" (49)`, server.TLSURL()))
}

func TestDirectory_unavailableServerChangesNoUsers(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF + userLDIF("jane")})
	d := newDirectory(t, server, func(o *ldapdir.Options) { o.Timeout = 5 * time.Second })
	s := newService(memstore.New().Users(""), d)
	syncAll(t, s)
	server.Stop()
	_, err := s.Sync(t.Context(), "head-office", nil)
	require.ErrorContains(t, err, "nothing listens on this port")
	_, err = s.Authenticate(t.Context(), credential.LoginAttempt{Username: "jane", Password: store.NewSecret(password), RemoteAddr: netip.MustParseAddr("192.0.2.1")})
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrForbidden, "that is no wrong password")
	server.Restart(t)
	require.Empty(t, syncAll(t, s).Steps)
	server.Delete(t, "uid=jane,"+usersDN)
	_, err = s.Sync(t.Context(), "head-office", nil)
	require.ErrorIs(t, err, store.ErrConflict, "nor does an empty one")
	jane, err := s.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, jane.Disabled)
}

// Nested groups are followed at any depth, and a cycle ends.
func TestDirectory_Each_followsNestedGroups(t *testing.T) {
	t.Parallel()
	group := func(name, member string) string {
		return "dn: cn=" + name + "," + groupsDN + "\nobjectClass: groupOfNames\nmember: cn=" + member + "," + groupsDN + "\n\n"
	}
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF + userLDIF("jane") + groupLDIF("Inner", "jane") + group("Middle", "Inner") + group("Outer", "Middle") + group("Apart", "Apart")})
	server.Modify(t, "cn=Inner,"+groupsDN, map[string][]string{"member": {"uid=jane," + usersDN, "cn=Outer," + groupsDN}})
	for nested, want := range map[bool][]string{false: {"Inner"}, true: {"Inner", "Middle", "Outer"}} {
		all, err := readAll(t, newDirectory(t, server, func(o *ldapdir.Options) { o.NestedGroups = nested }))
		require.NoError(t, err)
		require.Equal(t, want, all[0].Groups)
	}
}

func TestDirectory_Each_groupFilterSelectsGroups(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF + userLDIF("jane") + groupLDIF("Sales", "jane") + groupLDIF("Hidden", "jane")})
	s := newService(memstore.New().Users(""), newDirectory(t, server, func(o *ldapdir.Options) { o.GroupFilter = "(&(objectClass=groupOfNames)(!(cn=Hidden)))" }))
	require.Equal(t, []string{"Sales"}, syncAll(t, s).Groups)
	jane, err := s.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, []string{"Sales"}, jane.Groups)
}

// Two groups of one name, in two units, cost this membership only.
func TestDirectory_Each_doubledGroupKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: baseLDIF + userLDIF("jane") + userLDIF("john") + groupLDIF("Sales", "jane", "john")})
	for _, unit := range []string{"ou=north,", "ou=south,"} {
		server.Add(t, unit+groupsDN, map[string][]string{"objectClass": {"organizationalUnit"}})
		server.Add(t, "cn=Admins,"+unit+groupsDN, map[string][]string{"objectClass": {"groupOfNames"}, "member": {"uid=jane," + usersDN}})
	}
	s := newService(memstore.New().Users(""), newDirectory(t, server))
	r := syncAll(t, s)
	require.Equal(t, []string{"Sales"}, r.Groups)
	require.Len(t, r.Warnings, 1)
	require.Equal(t, "jane", r.Warnings[0].Username)
	require.Equal(t, "groups: two groups of the directory have the name Admins; rename one of them there, or narrow the group filter", r.Warnings[0].Message)
	for _, username := range []string{"jane", "john"} {
		u, err := s.Get(t.Context(), username)
		require.NoError(t, err)
		require.Equal(t, []string{"Sales"}, u.Groups)
		require.Equal(t, username+"@example.com", u.Email)
	}
}

func TestDirectory_Options_hidesSecrets(t *testing.T) {
	t.Parallel()
	d, err := ldapdir.New(ldapdir.Options{
		Name: "head-office", URLs: []string{"ldaps://ldap.example.com"}, BaseDN: usersDN, Kind: ldapdir.ActiveDirectory,
		BindDN: ldap.ReaderDN, BindPassword: store.NewSecret("secret of the reader"),
	})
	require.NoError(t, err)
	o := d.Options()
	require.True(t, o.BindPassword.IsZero())
	require.Nil(t, o.TLSConfig)
	require.Equal(t, "objectGUID", o.ExternalID)
	o.Attributes["username"], o.URLs[0] = "changed", "changed"
	require.Equal(t, "sAMAccountName", d.Options().Attributes["username"], "the options are a copy")
	require.Equal(t, []string{"ldaps://ldap.example.com"}, d.Options().URLs)
}

package ldapdir_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/peers/ldap"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// These tests talk to OpenLDAP's slapd, see package internal/peers/ldap.

const (
	people   = "ou=people," + ldap.BaseDN
	groups   = "ou=groups," + ldap.BaseDN
	password = "correct horse"
	units    = "dn: " + people + "\nobjectClass: organizationalUnit\n\ndn: " + groups + "\nobjectClass: organizationalUnit\n\n"
)

// inhabitant is the LDIF of somebody.
func inhabitant(uid string) string {
	return fmt.Sprintf("dn: uid=%s,%s\nobjectClass: inetOrgPerson\ncn: %[1]s\nsn: Doe\nuserPassword: %[3]s\nmail: %[1]s@example.com\n\n",
		uid, people, password)
}

// members is the LDIF of a group.
func members(name string, uids ...string) string {
	var ldif strings.Builder
	fmt.Fprintf(&ldif, "dn: cn=%s,%s\nobjectClass: groupOfNames\n", name, groups)
	for _, uid := range uids {
		fmt.Fprintf(&ldif, "member: uid=%s,%s\n", uid, people)
	}
	return ldif.String() + "\n"
}

// of returns a directory over the server.
func of(t *testing.T, server *ldap.Server, with ...func(*ldapdir.Options)) *ldapdir.Directory {
	t.Helper()
	o := ldapdir.Options{
		Name: "head-office", URLs: []string{server.TLSURL()}, TLSConfig: trusting(server),
		BindDN: ldap.ReaderDN, BindPassword: store.NewSecret(server.ReaderPassword), BaseDN: people, GroupBaseDN: groups,
	}
	for _, change := range with {
		change(&o)
	}
	d, err := ldapdir.New(o)
	require.NoError(t, err)
	return d
}

func trusting(server *ldap.Server) *tls.Config {
	return &tls.Config{RootCAs: server.Certificate.Authority, MinVersion: tls.VersionTLS12}
}

func overStartTLS(server *ldap.Server) func(*ldapdir.Options) {
	return func(o *ldapdir.Options) { o.URLs, o.StartTLS = []string{server.URL()}, true }
}

// service returns a service whose people come from the directory.
func service(st userman.Store, d userman.Directory) *userman.Service {
	return userman.New(st, &userman.Options{
		Directories: []userman.Directory{d}, Argon2: userman.Argon2{Memory: 64, Time: 1, Threads: 1},
	})
}

func syncAll(t *testing.T, s *userman.Service) *userman.SyncReport {
	t.Helper()
	r, err := s.Sync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	require.Empty(t, r.Problems)
	return r
}

func TestMorePeopleThanTheServerGivesAtOnceAreSynced(t *testing.T) {
	t.Parallel()
	const many = 1200
	ldif := strings.Builder{}
	ldif.WriteString(units)
	for i := range many {
		ldif.WriteString(inhabitant(fmt.Sprintf("user%04d", i)))
	}
	ldif.WriteString(members("Sales", "user0000", "user0001"))
	server := ldap.Start(t, &ldap.Options{LDIF: ldif.String()})
	d := of(t, server)
	s := service(memstore.New().People(""), d)
	seen, err := d.Test(t.Context())
	require.NoError(t, err)
	require.Equal(t, 500, seen, "one page")

	r := syncAll(t, s)
	require.Equal(t, many, r.Seen)
	require.Len(t, r.Steps, many)
	require.Equal(t, []string{"Sales"}, r.Groups)
	list, err := s.List(t.Context(), userman.Query{Group: "sales"})
	require.NoError(t, err)
	require.Len(t, list.Items, 2)
	require.Equal(t, "user0000@example.com", list.Items[0].Email)

	server.Rename(t, "uid=user0000,"+people, "uid=renamed")
	server.Modify(t, "cn=Sales,"+groups, map[string][]string{"member": {"uid=user0002," + people}})
	server.Delete(t, "uid=user1199,"+people)
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

func TestPeopleOfADirectoryLogInByBind(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units + inhabitant("jane") + inhabitant("john")})
	for name, how := range map[string]func(*ldapdir.Options){"StartTLS": overStartTLS(server), "ldaps": func(*ldapdir.Options) {}, "loopback": func(o *ldapdir.Options) { o.URLs = []string{server.URL()} }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := service(memstore.New().People(""), of(t, server, how))
			syncAll(t, s)
			login := func(username, password string) error {
				_, err := s.Authenticate(t.Context(), credential.Attempt{Username: username, Password: store.NewSecret(password), Source: "192.0.2.1"})
				return err
			}
			require.NoError(t, login("jane", password))
			require.NoError(t, login("JOHN", password))
			for _, wrong := range []struct{ username, password string }{
				{"jane", "wrong"}, {"jane", ""}, {"*", password}, {"*)(uid=*", password}, {"jane)(|(uid=*)", password}, {"nobody", password},
			} {
				refusal, ok := errors.AsType[*credential.LoginError](login(wrong.username, wrong.password))
				require.True(t, ok, wrong.username)
				require.Equal(t, credential.WrongPassword, refusal.Code)
			}
		})
	}
}

func TestOnlyTheExternalIDOfSomebodyFindsThem(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units + inhabitant("jane") + "dn: cn=guest," + ldap.BaseDN + "\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\nuserPassword: " + password + "\n"})
	for attribute, right := range map[string]string{"uid": "jane", "entryUUID": ""} {
		d := of(t, server, func(o *ldapdir.Options) { o.ExternalID = attribute })
		all, err := read(t, d)
		require.NoError(t, err)
		require.Len(t, all, 1)
		if right != "" {
			require.Equal(t, right, all[0].ExternalID)
		}
		can := func(id, password string) bool {
			ok, err := d.Authenticate(t.Context(), id, store.NewSecret(password))
			require.NoError(t, err)
			return ok
		}
		require.True(t, can(all[0].ExternalID, password))
		for _, id := range []string{"*", "jan*", "*)(uid=*", "jane)(uid=*", `\2a`, "jane\x00", "\xff", "guest", "uid=jane," + people, "00000000-0000-0000-0000-000000000000"} {
			require.False(t, can(id, password), id)
		}
		for _, none := range []string{"", "\x00", "Correct horse", password + "\x00", password + " "} {
			require.False(t, can(all[0].ExternalID, none), none)
		}
	}
}

func TestAServerThatIsNotTrustedIsToldNothing(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units})
	for _, how := range []func(*ldapdir.Options){overStartTLS(server), func(*ldapdir.Options) {}} {
		d := of(t, server, how, func(o *ldapdir.Options) { o.TLSConfig = nil })
		_, err := d.Test(t.Context())
		require.ErrorContains(t, err, "certificate")
		require.NotContains(t, err.Error(), server.ReaderPassword)
	}
	d := of(t, server, func(o *ldapdir.Options) { o.BindPassword = store.NewSecret("wrong secret") })
	_, err := d.Test(t.Context())
	require.EqualError(t, err, fmt.Sprintf(`ldapdir: %s: the server answered "Invalid Credentials" (49)`, server.TLSURL()))
}

func TestAServerThatIsGoneChangesNobody(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units + inhabitant("jane")})
	d := of(t, server, func(o *ldapdir.Options) { o.Timeout = 5 * time.Second })
	s := service(memstore.New().People(""), d)
	syncAll(t, s)
	server.Stop()
	_, err := s.Sync(t.Context(), "head-office", nil)
	require.ErrorContains(t, err, "connection refused")
	_, err = s.Authenticate(t.Context(), credential.Attempt{Username: "jane", Password: store.NewSecret(password), Source: "192.0.2.1"})
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrForbidden, "that is no wrong password")
	server.Restart(t)
	require.Empty(t, syncAll(t, s).Steps)
	server.Delete(t, "uid=jane,"+people)
	_, err = s.Sync(t.Context(), "head-office", nil)
	require.ErrorIs(t, err, store.ErrConflict, "nor does an empty one")
	jane, err := s.Get(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, jane.Disabled)
}

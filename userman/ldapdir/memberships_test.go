package ldapdir_test

import (
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

const groupBase = "ou=groups,dc=example,dc=com"

// serveGroups responds to searches below groupBase with the groups, and to others
// with the users.
func serveGroups(groups, users []map[string][]string) func(c *client, op ber.Tag) {
	return func(c *client, op ber.Tag) {
		base, _ := c.request.Children[0].Value.(string)
		if op == ldap.ApplicationSearchRequest && strings.HasSuffix(base, groupBase) {
			serveEntries(groups...)(c, op)
			return
		}
		serveEntries(users...)(c, op)
	}
}

func withGroups(o *ldapdir.Options) { o.GroupBaseDN = groupBase }

func TestDirectory_Each_mergesGroupAndUserMemberships(t *testing.T) {
	t.Parallel()
	jane, john, joan := userEntry("1", "jane"), userEntry("2", "john"), userEntry("3", "joan")
	john["memberOf"] = []string{"CN=Big, OU=groups,DC=example,DC=com", "cn=Elsewhere,dc=example,dc=com"}
	f := newFakeServer(t, serveGroups([]map[string][]string{
		{"dn": {"cn=Sales," + groupBase}, "cn": {"Sales"}, "member": {"UID=Jane,ou=people, dc=example,dc=com", "cn=gone,dc=example,dc=com", "nonsense"}},
		{"dn": {"cn=Unique," + groupBase}, "cn": {"other", "Unique"}, "uniqueMember": {"uid=jane,ou=people,dc=example,dc=com#'0101'B"}},
		{"dn": {"gidNumber=100," + groupBase}, "cn": {"posix"}, "memberUid": {"jane", "john"}},
		// Active Directory truncates long lists, and has the rest in the user.
		{"dn": {"cn=Big," + groupBase}, "cn": {"Big"}, "member;range=0-1": {"uid=joan,ou=people,dc=example,dc=com"}},
		{"dn": {"ou=nameless," + groupBase}, "member": {"uid=joan,ou=people,dc=example,dc=com"}},
	}, []map[string][]string{jane, john, joan}))
	all, err := readAll(t, f.directory(t, withGroups))
	require.NoError(t, err)
	require.Equal(t, []string{"Sales", "Unique", "posix"}, all[0].Groups)
	require.Equal(t, []string{"Big", "posix"}, all[1].Groups)
	require.Empty(t, all[2].Groups)
}

func TestDirectory_Each_reportsAmbiguousGroupName(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, serveGroups([]map[string][]string{
		{"dn": {"cn=Admins,ou=test," + groupBase}, "cn": {"Admins"}, "memberUid": {"jane"}},
		{"dn": {"cn=ADMINS,ou=real," + groupBase}, "cn": {"ADMINS"}, "memberUid": {"john"}},
	}, []map[string][]string{userEntry("1", "jane"), userEntry("2", "joan")}))
	all, err := readAll(t, f.directory(t, withGroups))
	require.NoError(t, err)
	require.Empty(t, all[0].Problem)
	require.Empty(t, all[0].Groups)
	require.Equal(t, []userman.DirectoryWarning{{
		Field: "groups", Message: "two groups of the directory have the name Admins; rename one of them there, or narrow the group filter",
	}}, all[0].Warnings)
	require.Equal(t, "1", all[0].ExternalID)
	require.Empty(t, all[1].Problem)
}

// Spaces around a name are ignored.
func TestDirectory_Each_trimsGroupNames(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, serveGroups([]map[string][]string{
		{"dn": {"ou=test," + groupBase}, "cn": {"Admins "}, "memberUid": {"jane"}},
		{"dn": {"ou=real," + groupBase}, "cn": {"Admins"}, "memberUid": {"john"}},
		{"dn": {"ou=blank," + groupBase}, "cn": {" "}, "memberUid": {"joan"}},
	}, []map[string][]string{userEntry("1", "jane"), userEntry("2", "joan")}))
	all, err := readAll(t, f.directory(t, withGroups))
	require.NoError(t, err)
	require.Contains(t, all[0].Warnings[0].Message, "two groups of the directory have the name Admins")
	require.Empty(t, all[1].Groups)
}

func TestDirectory_Each_failsWhenGroupsUnreadable(t *testing.T) {
	t.Parallel()
	f := newFakeServer(t, func(c *client, op ber.Tag) {
		if base, _ := c.request.Children[0].Value.(string); strings.HasSuffix(base, groupBase) {
			c.result(ldap.ApplicationSearchResultDone, ldap.LDAPResultInsufficientAccessRights)
			return
		}
		serveEntries(userEntry("1", "jane"))(c, op)
	})
	all, err := readAll(t, f.directory(t, withGroups))
	require.ErrorContains(t, err, "Insufficient Access Rights")
	require.Empty(t, all)
}

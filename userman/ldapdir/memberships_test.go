package ldapdir_test

import (
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

const groupBase = "ou=groups,dc=example,dc=com"

// grouped answers searches below groupBase with the groups, and others with
// the people.
func grouped(groups, people []map[string][]string) func(c *client, op ber.Tag) {
	return func(c *client, op ber.Tag) {
		base, _ := c.request.Children[0].Value.(string)
		if op == ldap.ApplicationSearchRequest && strings.HasSuffix(base, groupBase) {
			found(groups...)(c, op)
			return
		}
		found(people...)(c, op)
	}
}

func withGroups(o *ldapdir.Options) { o.GroupBaseDN = groupBase }

func TestMembersAreThoseOfTheGroupAndOfThePerson(t *testing.T) {
	t.Parallel()
	jane, john, joan := someone("1", "jane"), someone("2", "john"), someone("3", "joan")
	john["memberOf"] = []string{"CN=Big, OU=groups,DC=example,DC=com", "cn=Elsewhere,dc=example,dc=com"}
	f := newFake(t, grouped([]map[string][]string{
		{"dn": {"cn=Sales," + groupBase}, "cn": {"Sales"}, "member": {"UID=Jane,ou=people, dc=example,dc=com", "cn=gone,dc=example,dc=com", "nonsense"}},
		{"dn": {"cn=Unique," + groupBase}, "cn": {"other", "Unique"}, "uniqueMember": {"uid=jane,ou=people,dc=example,dc=com#'0101'B"}},
		{"dn": {"gidNumber=100," + groupBase}, "cn": {"posix"}, "memberUid": {"jane", "john"}},
		// Active Directory cuts long lists, and tells the rest by the person.
		{"dn": {"cn=Big," + groupBase}, "cn": {"Big"}, "member;range=0-1": {"uid=joan,ou=people,dc=example,dc=com"}},
		{"dn": {"ou=nameless," + groupBase}, "member": {"uid=joan,ou=people,dc=example,dc=com"}},
	}, []map[string][]string{jane, john, joan}))
	all, err := read(t, f.directory(t, withGroups))
	require.NoError(t, err)
	require.Equal(t, []string{"Sales", "Unique", "posix"}, all[0].Groups)
	require.Equal(t, []string{"Big", "posix"}, all[1].Groups)
	require.Empty(t, all[2].Groups)
}

func TestAPersonInOneOfTwoGroupsOfOneNameIsAProblem(t *testing.T) {
	t.Parallel()
	f := newFake(t, grouped([]map[string][]string{
		{"dn": {"cn=Admins,ou=test," + groupBase}, "cn": {"Admins"}, "memberUid": {"jane"}},
		{"dn": {"cn=ADMINS,ou=real," + groupBase}, "cn": {"ADMINS"}, "memberUid": {"john"}},
	}, []map[string][]string{someone("1", "jane"), someone("2", "joan")}))
	all, err := read(t, f.directory(t, withGroups))
	require.NoError(t, err)
	require.Contains(t, all[0].Problem, "one of the person's groups has the name of another group")
	require.Equal(t, "1", all[0].ExternalID)
	require.Empty(t, all[1].Problem)
}

// Blanks around a name mean nothing here.
func TestGroupsWhoseNamesDifferInBlanksAreOfOneName(t *testing.T) {
	t.Parallel()
	f := newFake(t, grouped([]map[string][]string{
		{"dn": {"ou=test," + groupBase}, "cn": {"Admins "}, "memberUid": {"jane"}},
		{"dn": {"ou=real," + groupBase}, "cn": {"Admins"}, "memberUid": {"john"}},
		{"dn": {"ou=blank," + groupBase}, "cn": {" "}, "memberUid": {"joan"}},
	}, []map[string][]string{someone("1", "jane"), someone("2", "joan")}))
	all, err := read(t, f.directory(t, withGroups))
	require.NoError(t, err)
	require.Contains(t, all[0].Problem, "one of the person's groups has the name of another group")
	require.Empty(t, all[1].Groups)
}

func TestWithoutItsGroupsADirectoryIsNotRead(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(c *client, op ber.Tag) {
		if base, _ := c.request.Children[0].Value.(string); strings.HasSuffix(base, groupBase) {
			c.result(ldap.ApplicationSearchResultDone, ldap.LDAPResultInsufficientAccessRights)
			return
		}
		found(someone("1", "jane"))(c, op)
	})
	all, err := read(t, f.directory(t, withGroups))
	require.ErrorContains(t, err, "Insufficient Access Rights")
	require.Empty(t, all)
}

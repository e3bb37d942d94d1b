package ldapdir

import (
	"strings"
	"testing"
	"unicode"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// Any entry of a server is usable text or a problem.
func FuzzEntry(f *testing.F) {
	f.Add("id-1", "jane", "jane@example.com", "cn=Sales,dc=example,dc=com", "512")
	f.Add("", "", "", "", "")
	f.Add("\xff", "a\x00", "\r\n", "cn=\\", "9999999999999999999999")
	f.Add("id", " ", "x", "CN=sales , DC=example,dc=com", "-1")
	f.Fuzz(func(t *testing.T, id, uid, mail, group, control string) {
		attributes := inetOrgPerson()
		attributes[fieldDisabled] = accountControl
		d, err := New(Options{
			Name: "x", URLs: []string{"ldaps://x"}, BaseDN: "dc=x", GroupBaseDN: "dc=x", BindDN: "cn=x", BindPassword: store.NewSecret("x"), Attributes: attributes,
		})
		require.NoError(t, err)
		groups := newMemberships()
		require.NoError(t, groups.add(ldap.NewEntry(group, map[string][]string{"cn": {mail}, "member": {uid}, "memberUid": {uid}, "uniqueMember": {group}})))
		e := d.entry(ldap.NewEntry(uid, map[string][]string{
			"entryUUID": {id}, "uid": {uid}, "mail": {mail, uid}, "memberOf": {group}, "userAccountControl": {control},
		}), groups)
		require.NotContains(t, e.Problem, "\n")
		if e.Problem != "" {
			return
		}
		require.NotEmpty(t, e.ExternalID)
		for _, text := range append([]string{e.ExternalID, e.User.Username, e.User.Email}, e.User.OtherEmails...) {
			for _, r := range text {
				require.False(t, unicode.IsControl(r) || r == unicode.ReplacementChar && !containsReplacement(id, uid, mail))
			}
		}
	})
}

// containsReplacement reports whether the server sent the replacement character.
func containsReplacement(texts ...string) bool {
	for _, text := range texts {
		for _, r := range text {
			if r == unicode.ReplacementChar {
				return true
			}
		}
	}
	return false
}

func TestNormalizeDN_ignoresCaseAndBlanks(t *testing.T) {
	t.Parallel()
	require.Equal(t, normalizeDN("uid=jane,ou=people,dc=example,dc=com"), normalizeDN("UID=Jane, OU=People , DC=example,dc=COM"))
	require.Equal(t, normalizeDN(`cn=a\2cb,dc=x`), normalizeDN(`cn=a\,b,dc=x`))
	require.NotEqual(t, normalizeDN("uid=jane,dc=x"), normalizeDN("uid=joan,dc=x"))
	require.Equal(t, "no dn", normalizeDN("No DN"))
}

func TestSession_rejectsCleartextPasswordToRemoteHost(t *testing.T) {
	t.Parallel()
	s := &session{server: server{name: "ldap://ldap.example.com"}, raw: &limitedConn{Conn: remoteConn{}}}
	require.ErrorContains(t, s.bind(t.Context(), "cn=reader", store.NewSecret("secret")), "unencrypted")
	s.encrypted = true
	require.ErrorContains(t, s.bind(t.Context(), "", store.NewSecret("secret")), "needs a name and a password")
	require.ErrorContains(t, s.bind(t.Context(), "cn=reader", store.Secret{}), "needs a name and a password")
}

func TestMemberships_limitsTotalLength(t *testing.T) {
	t.Parallel()
	m := newMemberships()
	m.length = maxMembershipText - 100
	short := ldap.NewEntry("cn=a,dc=x", map[string][]string{"cn": {"a"}, "member": {"uid=jane,dc=x"}})
	require.NoError(t, m.add(short))
	require.NoError(t, m.add(short), "a member of two groups counts once")
	long := ldap.NewEntry("cn=b,dc=x", map[string][]string{"cn": {"b"}, "memberUid": {strings.Repeat("x", 100)}})
	require.ErrorContains(t, m.add(long), "narrow GroupFilter")
}

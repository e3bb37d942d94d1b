package ldap_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/testservers/ldap"
)

const (
	usersDN  = "ou=people," + ldap.BaseDN
	janeDN   = "uid=jane," + usersDN
	salesDN  = "cn=sales,ou=groups," + ldap.BaseDN
	password = "correct horse"
)

const unitsLDIF = `dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit

`

func userLDIF(uid, name string) string {
	return fmt.Sprintf("dn: uid=%s,%s\nobjectClass: inetOrgPerson\ncn: %s\nsn: %[3]s\nuserPassword: %s\n\n", uid, usersDN, name, password)
}

const groupLDIF = `dn: cn=sales,ou=groups,dc=example,dc=com
objectClass: groupOfNames
member: uid=jane,ou=people,dc=example,dc=com

`

// dial connects without a bind.
func dial(t *testing.T, url string, opts ...goldap.DialOpt) *goldap.Conn {
	t.Helper()
	conn, err := goldap.DialURL(url, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// dialReader connects as programs do.
func dialReader(t *testing.T, server *ldap.Server) *goldap.Conn {
	t.Helper()
	conn := dial(t, server.URL())
	require.NoError(t, conn.Bind(ldap.ReaderDN, server.ReaderPassword))
	return conn
}

func search(base, filter string, attributes ...string) *goldap.SearchRequest {
	return goldap.NewSearchRequest(base, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil)
}

func TestStart_loadsLDIF(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: unitsLDIF + userLDIF("jane", "Jane Doe") + groupLDIF})
	conn := dialReader(t, server)
	found, err := conn.Search(search(usersDN, "(uid=jane)", "cn", "memberOf", "userPassword", "entryUUID"))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	entry := found.Entries[0]
	require.Equal(t, janeDN, entry.DN)
	require.Equal(t, "Jane Doe", entry.GetAttributeValue("cn"))
	require.Equal(t, []string{salesDN}, entry.GetAttributeValues("memberOf"), "groups can be read from the person")
	require.NotEmpty(t, entry.GetAttributeValue("entryUUID"))
	require.Empty(t, entry.GetAttributeValues("userPassword"))

	found, err = conn.Search(search(salesDN, "(objectClass=groupOfNames)"))
	require.NoError(t, err)
	require.Equal(t, []string{janeDN}, found.Entries[0].GetAttributeValues("member"), "and from the group")
}

func TestStart_deniesReadToBoundUser(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: unitsLDIF + userLDIF("jane", "Jane Doe")})
	conn := dial(t, server.URL())
	require.True(t, goldap.IsErrorWithCode(conn.Bind(janeDN, "wrong"), goldap.LDAPResultInvalidCredentials))
	require.NoError(t, conn.Bind(janeDN, password))
	_, err := conn.Search(search(ldap.BaseDN, "(objectClass=*)"))
	require.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject), "%v", err)
}

func TestStart_encryptsWithServerCertificate(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, nil)
	trusting := &tls.Config{RootCAs: server.Certificate.RootCAs, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}

	require.Error(t, dial(t, server.URL()).StartTLS(&tls.Config{ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}))
	conn := dial(t, server.URL())
	require.NoError(t, conn.StartTLS(trusting))
	require.NoError(t, conn.Bind(ldap.ReaderDN, server.ReaderPassword))

	_, err := goldap.DialURL(server.TLSURL())
	require.Error(t, err)
	conn = dial(t, server.TLSURL(), goldap.DialWithTLSConfig(trusting))
	require.NoError(t, conn.Bind(ldap.ReaderDN, server.ReaderPassword))
}

func TestStart_limitsSearchSize(t *testing.T) {
	t.Parallel()
	const limit, many = 20, 105
	ldif := strings.Builder{}
	ldif.WriteString(unitsLDIF)
	for i := range many {
		ldif.WriteString(userLDIF(fmt.Sprintf("p%03d", i), fmt.Sprintf("Person %d", i)))
	}
	server := ldap.Start(t, &ldap.Options{LDIF: ldif.String(), SizeLimit: limit})
	conn := dialReader(t, server)
	allUsers := func() *goldap.SearchRequest { return search(usersDN, "(objectClass=inetOrgPerson)", "uid") }

	found, err := conn.Search(allUsers())
	require.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded), "%v", err)
	require.Len(t, found.Entries, limit)

	found, err = conn.SearchWithPaging(allUsers(), limit)
	require.NoError(t, err)
	require.Len(t, found.Entries, many)
}

func TestServer_Modify_changesEntries(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: unitsLDIF})
	conn := dialReader(t, server)
	find := func(uid string) []*goldap.Entry {
		found, err := conn.Search(search(usersDN, "(uid="+uid+")"))
		require.NoError(t, err)
		return found.Entries
	}
	server.Add(t, janeDN, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Jane"}, "sn": {"Doe"}, "mail": {"jane@example.com"}})
	require.Len(t, find("jane"), 1)
	server.Modify(t, janeDN, map[string][]string{"cn": {"Jane Roe"}, "mail": nil})
	entry := find("jane")[0]
	require.Equal(t, "Jane Roe", entry.GetAttributeValue("cn"))
	require.Empty(t, entry.GetAttributeValues("mail"))
	server.Rename(t, janeDN, "uid=jane.roe")
	require.Empty(t, find("jane"))
	require.Len(t, find("jane.roe"), 1)
	server.Delete(t, "uid=jane.roe,"+usersDN)
	require.Empty(t, find("jane.roe"))
	server.Apply(t, userLDIF("john", "John")+"dn: uid=john,"+usersDN+"\nchangetype: modify\nreplace: cn\ncn: Johnny\n")
	require.Equal(t, "Johnny", find("john")[0].GetAttributeValue("cn"))
}

func TestServer_Restart_keepsEntries(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: unitsLDIF + userLDIF("jane", "Jane Doe")})
	server.Stop()
	_, err := goldap.DialURL(server.URL())
	require.Error(t, err)
	server.Restart(t)
	found, err := dialReader(t, server).Search(search(usersDN, "(uid=jane)"))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

package ldap_test

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/peers/ldap"
)

const (
	people   = "ou=people," + ldap.BaseDN
	jane     = "uid=jane," + people
	sales    = "cn=sales,ou=groups," + ldap.BaseDN
	password = "correct horse"
)

const units = `dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit

`

func person(uid, name string) string {
	return fmt.Sprintf("dn: uid=%s,%s\nobjectClass: inetOrgPerson\ncn: %s\nsn: %[3]s\nuserPassword: %s\n\n", uid, people, name, password)
}

const group = `dn: cn=sales,ou=groups,dc=example,dc=com
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

// reader connects as programs do.
func reader(t *testing.T, server *ldap.Server) *goldap.Conn {
	t.Helper()
	conn := dial(t, server.URL())
	require.NoError(t, conn.Bind(ldap.ReaderDN, server.ReaderPassword))
	return conn
}

func search(base, filter string, attributes ...string) *goldap.SearchRequest {
	return goldap.NewSearchRequest(base, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false, filter, attributes, nil)
}

func TestTheEntriesOfLDIFAreThere(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units + person("jane", "Jane Doe") + group})
	conn := reader(t, server)
	found, err := conn.Search(search(people, "(uid=jane)", "cn", "memberOf", "userPassword", "entryUUID"))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
	entry := found.Entries[0]
	require.Equal(t, jane, entry.DN)
	require.Equal(t, "Jane Doe", entry.GetAttributeValue("cn"))
	require.Equal(t, []string{sales}, entry.GetAttributeValues("memberOf"), "groups can be read from the person")
	require.NotEmpty(t, entry.GetAttributeValue("entryUUID"))
	require.Empty(t, entry.GetAttributeValues("userPassword"))

	found, err = conn.Search(search(sales, "(objectClass=groupOfNames)"))
	require.NoError(t, err)
	require.Equal(t, []string{jane}, found.Entries[0].GetAttributeValues("member"), "and from the group")
}

func TestWhoHasAPasswordBindsAndReadsNothing(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units + person("jane", "Jane Doe")})
	conn := dial(t, server.URL())
	require.True(t, goldap.IsErrorWithCode(conn.Bind(jane, "wrong"), goldap.LDAPResultInvalidCredentials))
	require.NoError(t, conn.Bind(jane, password))
	_, err := conn.Search(search(ldap.BaseDN, "(objectClass=*)"))
	require.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultNoSuchObject), "%v", err)
}

func TestEncryptedConnectionsNeedTheServersCertificate(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, nil)
	trusting := &tls.Config{RootCAs: server.Certificate.Authority, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}

	require.Error(t, dial(t, server.URL()).StartTLS(&tls.Config{ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}))
	conn := dial(t, server.URL())
	require.NoError(t, conn.StartTLS(trusting))
	require.NoError(t, conn.Bind(ldap.ReaderDN, server.ReaderPassword))

	_, err := goldap.DialURL(server.TLSURL())
	require.Error(t, err)
	conn = dial(t, server.TLSURL(), goldap.DialWithTLSConfig(trusting))
	require.NoError(t, conn.Bind(ldap.ReaderDN, server.ReaderPassword))
}

func TestMoreThanTheLimitIsReadInPages(t *testing.T) {
	t.Parallel()
	const limit, many = 20, 105
	ldif := strings.Builder{}
	ldif.WriteString(units)
	for i := range many {
		ldif.WriteString(person(fmt.Sprintf("p%03d", i), fmt.Sprintf("Person %d", i)))
	}
	server := ldap.Start(t, &ldap.Options{LDIF: ldif.String(), SizeLimit: limit})
	conn := reader(t, server)
	everybody := func() *goldap.SearchRequest { return search(people, "(objectClass=inetOrgPerson)", "uid") }

	found, err := conn.Search(everybody())
	require.True(t, goldap.IsErrorWithCode(err, goldap.LDAPResultSizeLimitExceeded), "%v", err)
	require.Len(t, found.Entries, limit)

	found, err = conn.SearchWithPaging(everybody(), limit)
	require.NoError(t, err)
	require.Len(t, found.Entries, many)
}

func TestEntriesAreAddedChangedAndDeleted(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units})
	conn := reader(t, server)
	look := func(uid string) []*goldap.Entry {
		found, err := conn.Search(search(people, "(uid="+uid+")"))
		require.NoError(t, err)
		return found.Entries
	}
	server.Add(t, jane, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Jane"}, "sn": {"Doe"}, "mail": {"jane@example.com"}})
	require.Len(t, look("jane"), 1)
	server.Modify(t, jane, map[string][]string{"cn": {"Jane Roe"}, "mail": nil})
	entry := look("jane")[0]
	require.Equal(t, "Jane Roe", entry.GetAttributeValue("cn"))
	require.Empty(t, entry.GetAttributeValues("mail"))
	server.Rename(t, jane, "uid=jane.roe")
	require.Empty(t, look("jane"))
	require.Len(t, look("jane.roe"), 1)
	server.Delete(t, "uid=jane.roe,"+people)
	require.Empty(t, look("jane.roe"))
	server.Apply(t, person("john", "John")+"dn: uid=john,"+people+"\nchangetype: modify\nreplace: cn\ncn: Johnny\n")
	require.Equal(t, "Johnny", look("john")[0].GetAttributeValue("cn"))
}

func TestEntriesOutliveARestart(t *testing.T) {
	t.Parallel()
	server := ldap.Start(t, &ldap.Options{LDIF: units + person("jane", "Jane Doe")})
	server.Stop()
	_, err := goldap.DialURL(server.URL())
	require.Error(t, err)
	server.Restart(t)
	found, err := reader(t, server).Search(search(people, "(uid=jane)"))
	require.NoError(t, err)
	require.Len(t, found.Entries, 1)
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Package ldap starts OpenLDAP's server slapd for the tests of directories:
// one of its own for each test, with the entries that the test gives as LDIF,
// on 127.0.0.1, in the clear, with StartTLS, and over TLS. Like every test server, it
// is installed by `make testservers`; see package testservers for what happens without.
package ldap

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

const (
	// BaseDN is the root of the tree, which is there from the start. All else
	// is the test's, below it.
	BaseDN = "dc=example,dc=com"
	// AdminDN is the account that may do everything and knows no limit.
	AdminDN = "cn=admin," + BaseDN
	// ReaderDN is the account that programs bind as: it may read everything but
	// passwords, and Options.SizeLimit holds for it. Nobody else may read, but
	// each may bind with his own password.
	ReaderDN = "cn=reader," + BaseDN
)

// Options says what the server has. Nil is legal and means all defaults.
type Options struct {
	// LDIF has the entries to begin with, in an order in which they can be
	// added: first units, then who is in them. Schemas core, cosine,
	// inetorgperson and nis are known; memberOf is kept by the server for
	// groups of class groupOfNames. Defaults to none.
	LDIF string
	// SizeLimit is how many entries one search, or one page of it, may return
	// to anybody but the administrator; pages together may return all, as in
	// Active Directory. Defaults to 500.
	SizeLimit int
}

// Server is a running slapd.
type Server struct {
	// AdminPassword and ReaderPassword are those of AdminDN and ReaderDN.
	AdminPassword, ReaderPassword string
	// Certificate is the server's; a client is to be given its Authority or
	// PEM.
	Certificate *testservers.Certificate

	root          *testservers.Root
	dir           string
	addr, tlsAddr string // addresses
	program       *testservers.Program
}

// Start starts a slapd that ends with the test, and returns when it answers and
// has the entries.
func Start(t testing.TB, opts *Options) *Server {
	t.Helper()
	const sizeLimit = 500
	if opts == nil {
		opts = &Options{}
	}
	limit := opts.SizeLimit
	if limit == 0 {
		limit = sizeLimit
	}
	s := &Server{
		AdminPassword:  rand.Text(),
		ReaderPassword: rand.Text(),
		Certificate:    testservers.NewCertificate(t),
		root:           testservers.ServerRoot(t),
		dir:            t.TempDir(),
		addr:           testservers.ClaimAddress(t),
		tlsAddr:        testservers.ClaimAddress(t),
	}
	if err := s.configure(limit); err != nil {
		t.Fatalf("configuring slapd: %v", err)
	}
	s.start(t)
	s.Apply(t, s.baseLDIF()+opts.LDIF)
	return s
}

// URL returns where the server listens in the clear, and takes StartTLS.
func (s *Server) URL() string { return "ldap://" + s.addr }

// TLSURL returns where it listens with TLS from the first byte.
func (s *Server) TLSURL() string { return "ldaps://" + s.tlsAddr }

// Stop ends the server and returns when it is gone. [Server.Restart] brings it
// back.
func (s *Server) Stop() { s.program.Stop() }

// Restart stops the server, where it runs still, and starts it again with the
// same entries and addresses.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.Stop()
	s.start(t)
}

// start starts slapd and waits until it answers.
func (s *Server) start(t testing.TB) {
	t.Helper()
	// -d keeps it in the foreground; stats logs each operation.
	cmd := s.root.Command(context.WithoutCancel(t.Context()), "usr/sbin/slapd",
		"-d", "stats", "-f", s.file("slapd.conf"), "-h", s.URL()+"/ "+s.TLSURL()+"/")
	s.program = testservers.StartProgram(t, "slapd", cmd)
	s.program.WaitReady(t, func() bool {
		conn, err := s.dial()
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
}

// file returns the path of a file of the server.
func (s *Server) file(name string) string { return filepath.Join(s.dir, name) }

// configure writes the files of the server.
func (s *Server) configure(sizeLimit int) error {
	const owner = 0o600
	if err := os.Mkdir(s.file("db"), 0o700); err != nil {
		return err
	}
	for name, text := range map[string][]byte{
		"slapd.conf": []byte(s.conf(sizeLimit)),
		"cert.pem":   s.Certificate.CertPEM,
		"key.pem":    s.Certificate.KeyPEM,
		// ldapmodify takes the whole file, so there is no end of a line.
		"password": []byte(s.AdminPassword),
	} {
		if err := os.WriteFile(s.file(name), text, owner); err != nil {
			return err
		}
	}
	return nil
}

// conf renders slapd.conf; see slapd.conf(5), slapd-mdb(5), slapo-memberof(5).
func (s *Server) conf(sizeLimit int) string {
	return fmt.Sprintf(`include %[12]s/core.schema
include %[12]s/cosine.schema
include %[12]s/inetorgperson.schema
include %[12]s/nis.schema

modulepath %[1]s
moduleload back_mdb
moduleload memberof

pidfile %[2]s
argsfile %[3]s
TLSCertificateFile %[4]s
TLSCertificateKeyFile %[5]s
loglevel stats
# As little as one search needs, for many run at once on one machine.
threads 2

database mdb
suffix "%[6]s"
rootdn "%[7]s"
rootpw %[8]s
directory %[9]s
maxsize 134217728
dbnosync
index objectClass,uid,cn,mail,member,memberOf,entryUUID eq
limits * size=%[10]d size.pr=%[10]d size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="%[11]s" read by * none

overlay memberof
memberof-refint true
`, s.root.Path("usr", "lib", "ldap"), s.file("slapd.pid"), s.file("slapd.args"), s.file("cert.pem"), s.file("key.pem"),
		BaseDN, AdminDN, s.AdminPassword, s.file("db"), sizeLimit, ReaderDN, s.root.Path("etc", "ldap", "schema"))
}

// baseLDIF returns the entries that are always there.
func (s *Server) baseLDIF() string {
	return fmt.Sprintf(`dn: %s
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: %s
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: %s

`, BaseDN, ReaderDN, s.ReaderPassword)
}

package ldap

import (
	"context"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
)

// Apply adds the entries of an LDIF text, and makes the changes that its
// records with a changetype ask for, as the administrator. It is the way in for
// many entries.
func (s *Server) Apply(t testing.TB, ldif string) {
	t.Helper()
	cmd := s.root.Command(context.WithoutCancel(t.Context()), "usr/bin/ldapmodify",
		"-a", "-x", "-H", s.URL(), "-D", AdminDN, "-y", s.file("password"))
	cmd.Stdin = strings.NewReader(ldif)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("applying LDIF: %v\n%s", err, tail(string(out)))
	}
}

// tail returns the last lines of what a program said.
func tail(output string) string {
	const most = 10
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// Add adds an entry.
func (s *Server) Add(t testing.TB, dn string, attributes map[string][]string) {
	t.Helper()
	request := ldap.NewAddRequest(dn, nil)
	for name, values := range attributes {
		request.Attribute(name, values)
	}
	s.asAdmin(t, "adding "+dn, func(conn *ldap.Conn) error { return conn.Add(request) })
}

// Modify replaces attributes of an entry by the values given; one without
// values goes.
func (s *Server) Modify(t testing.TB, dn string, attributes map[string][]string) {
	t.Helper()
	request := ldap.NewModifyRequest(dn, nil)
	for name, values := range attributes {
		request.Replace(name, values)
	}
	s.asAdmin(t, "changing "+dn, func(conn *ldap.Conn) error { return conn.Modify(request) })
}

// Rename gives an entry another name in its unit, such as "uid=jane.roe".
func (s *Server) Rename(t testing.TB, dn, name string) {
	t.Helper()
	request := ldap.NewModifyDNRequest(dn, name, true, "")
	s.asAdmin(t, "renaming "+dn, func(conn *ldap.Conn) error { return conn.ModifyDN(request) })
}

// Delete deletes an entry.
func (s *Server) Delete(t testing.TB, dn string) {
	t.Helper()
	s.asAdmin(t, "deleting "+dn, func(conn *ldap.Conn) error { return conn.Del(ldap.NewDelRequest(dn, nil)) })
}

// asAdmin does one thing as the administrator.
func (s *Server) asAdmin(t testing.TB, desc string, f func(*ldap.Conn) error) {
	t.Helper()
	conn, err := s.dial()
	if err == nil {
		defer func() { _ = conn.Close() }()
		err = f(conn)
	}
	if err != nil {
		t.Fatalf("%s: %v", desc, err)
	}
}

// dial connects and binds as the administrator.
func (s *Server) dial() (*ldap.Conn, error) {
	conn, err := ldap.DialURL(s.URL())
	if err != nil {
		return nil, err
	}
	if err := conn.Bind(AdminDN, s.AdminPassword); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

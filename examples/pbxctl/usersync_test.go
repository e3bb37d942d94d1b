package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/ldap"
	"github.com/pbxusers/pbxusers/userman"
)

const (
	usersDN  = "ou=people," + ldap.BaseDN
	groupsDN = "ou=groups," + ldap.BaseDN
)

// withLDAP is a slapd with people of these names, and a site whose people come
// from it.
func withLDAP(t *testing.T, names ...string) (*ctl, *ldap.Server) {
	t.Helper()
	var ldif strings.Builder
	for _, unit := range []string{"people", "groups"} {
		_, _ = fmt.Fprintf(&ldif, "dn: ou=%s,%s\nobjectClass: organizationalUnit\n\n", unit, ldap.BaseDN)
	}
	for _, name := range names {
		_, _ = fmt.Fprintf(&ldif, "dn: uid=%s,%s\nobjectClass: inetOrgPerson\ncn: %[1]s\nsn: %[1]s\nmail: %[1]s@example.org\nuserPassword: %[3]s\n\n", name, usersDN, goodPassword)
	}
	server := ldap.Start(t, &ldap.Options{LDIF: ldif.String()})
	c := offline(t)
	require.NoError(t, os.WriteFile(c.data("ldap.password"), []byte(server.ReaderPassword), 0o600))
	require.NoError(t, os.WriteFile(c.data("ca.pem"), server.Certificate.CertPEM, 0o600))
	c = c.withFlags("--ldap-url", server.URL(), "--ldap-start-tls", "--ldap-ca-file", c.data("ca.pem"), "--ldap-name", "head-office",
		"--ldap-bind-dn", ldap.ReaderDN, "--ldap-password-file", c.data("ldap.password"), "--ldap-base-dn", usersDN, "--ldap-group-base-dn", groupsDN)
	c.do(t, "group", "add", "Everybody", "--default")
	return c, server
}

func TestSync_createsAndDisablesDirectoryUsers(t *testing.T) {
	t.Parallel()
	c, server := withLDAP(t, "alice", "bob", "carol")
	server.Add(t, "cn=Sales,"+groupsDN, map[string][]string{"objectClass": {"groupOfNames"}, "member": {"uid=alice," + usersDN}})
	planned := c.do(t, "user", "sync", "--dry-run")
	require.Regexp(t, `(?m)^create +bob `, planned)
	require.Regexp(t, `(?m)^create group +Sales`, planned)
	require.Contains(t, planned, "\nDry run: 3 directory entries, 0 unchanged.\n")
	require.Contains(t, c.do(t, "user", "list"), "No users.")

	report := c.json(t, "user", "sync", "head-office")
	require.Equal(t, "head-office", report["directory"])
	require.Equal(t, false, report["dry_run"])
	require.Len(t, report["steps"], 3)
	require.Empty(t, report["problems"])
	alice := c.json(t, "user", "show", "alice")
	require.Equal(t, "head-office", alice["directory"])
	require.Equal(t, true, alice["external_password"])
	require.Equal(t, "alice@example.org", alice["email"])
	require.Equal(t, []any{"Everybody", "Sales"}, alice["groups"])
	require.Contains(t, c.do(t, "user", "sync"), "Done: 3 directory entries, 3 unchanged.\n")
	require.Contains(t, c.fails(t, exitRejected, "user", "edit", "alice", "--email", "x@example.org"), "the directory head-office owns these fields")
	require.Contains(t, c.fails(t, exitRejected, "user", "password", "alice", "--generate"), "the user's directory manages the password")

	// More would go than may at once: nothing is changed, and what was planned
	// is shown.
	server.Delete(t, "uid=alice,"+usersDN)
	server.Delete(t, "uid=bob,"+usersDN)
	o := c.run(t, "user", "sync")
	require.Equal(t, exitRejected, o.code, o.stderr)
	require.Regexp(t, `(?m)^disable +bob`, o.stdout)
	require.Contains(t, o.stdout, "The sync stopped early; this is what was planned or done.\n")
	disabled, _ := c.listField(t, "username", "user", "list", "--status", "disabled")
	require.Empty(t, disabled)
	c.do(t, "user", "sync", "--ldap-max-removals", "0.7")
	disabled, _ = c.listField(t, "username", "user", "list", "--status", "disabled", "--directory", "head-office")
	require.Equal(t, []string{"alice", "bob"}, disabled)
}

func TestSync_problemsFailButOthersApply(t *testing.T) {
	t.Parallel()
	c, server := withLDAP(t, "alice", "bob")
	server.Modify(t, "uid=alice,"+usersDN, map[string][]string{"telephoneNumber": {"n/a"}})
	c.do(t, "user", "add", "bob")
	o := c.run(t, "user", "sync")
	require.Equal(t, exitFailed, o.code)
	require.Regexp(t, `(?m)^create +alice`, o.stdout)
	require.Regexp(t, `(?m)^problem +bob +`, o.stdout)
	require.Regexp(t, `(?m)^warning +alice +work_phone: the attribute telephoneNumber is not a phone number; it was left out$`, o.stdout)
	require.Contains(t, o.stderr, "1 users could not be synchronized")
	require.Empty(t, c.json(t, "user", "show", "bob")["directory"], "a local user stays local")
}

func TestSync_listsDirectoriesWithSettings(t *testing.T) {
	t.Parallel()
	c := offline(t)
	require.Contains(t, c.do(t, "user", "directories"), "No directories.")
	c = c.withFlags("--ldap-url", "ldap://127.0.0.1:1", "--ldap-base-dn", usersDN, "--ldap-kind", "active-directory", "--ldap-attributes", "fax=,title=jobTitle",
		"--ldap-group-base-dn", groupsDN, "--ldap-group-filter", "(cn=S*)", "--ldap-nested-groups")
	text := c.do(t, "user", "directories")
	for _, line := range []string{`kind +active-directory`, `external_id +objectGUID`, `group_filter +\(cn=S\*\)`, `nested_groups +(true|yes)`, `attributes.title +jobTitle`, `attributes.username +sAMAccountName`} {
		require.Regexp(t, `(?m)^`+line+`$`, text)
	}
	require.NotContains(t, text, "attributes.fax")
	items, ok := c.json(t, "user", "directories")["items"].([]any)
	require.True(t, ok)
	require.Len(t, items, 1)
}

func TestSyncText_countsMoreWarnings(t *testing.T) {
	t.Parallel()
	require.Contains(t, syncText(&userman.SyncReport{MoreWarnings: 7}, true), "7 more warnings are not shown.\n")
	require.NotContains(t, syncText(&userman.SyncReport{}, true), "warnings")
}

func TestSync_offersToLinkUsers(t *testing.T) {
	t.Parallel()
	c, server := withLDAP(t, "alice", "bob")
	c.do(t, "user", "sync")
	before := c.json(t, "user", "show", "alice")
	server.Delete(t, "uid=alice,"+usersDN)
	server.Add(t, "uid=alice,"+usersDN, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Alice"}, "sn": {"Roe"}})
	o := c.run(t, "user", "sync")
	require.Equal(t, exitFailed, o.code)
	require.Regexp(t, `(?m)^disable +alice`, o.stdout)
	offer := regexp.MustCompile(`(?m)^offer +alice +pbxctl (user adopt alice [0-9a-f-]+)$`).FindStringSubmatch(o.stdout)
	require.NotNil(t, offer, o.stdout)
	command := append(strings.Fields(offer[1]), "--same-user")
	require.Regexp(t, `(?m)^adopt +alice +email,last_name`, c.do(t, append(command, "--dry-run")...))
	require.Contains(t, c.do(t, command...), "adopt")
	after := c.json(t, "user", "show", "alice")
	require.Equal(t, before["id"], after["id"])
	require.Equal(t, false, after["disabled"])
	require.NotEqual(t, before["external_id"], after["external_id"])
	require.Contains(t, c.fails(t, exitRejected, "user", "adopt", "alice", "elsewhere", "--directory", "head-office"), "directory entry")

	// By policy, a sync needs no command.
	server.Delete(t, "uid=bob,"+usersDN)
	server.Add(t, "uid=bob,"+usersDN, map[string][]string{"objectClass": {"inetOrgPerson"}, "cn": {"Bob"}, "sn": {"Roe"}})
	require.Regexp(t, `(?m)^adopt +bob`, c.do(t, "user", "sync", "--ldap-adopt", "successor"))
}

func TestSync_unreachableDirectoryChangesNothing(t *testing.T) {
	t.Parallel()
	c, server := withLDAP(t, "alice")
	c.do(t, "user", "sync")
	before := c.do(t, "user", "export")
	server.Stop()
	require.NotEmpty(t, c.fails(t, exitFailed, "user", "sync"))
	server.Restart(t)
	require.NoError(t, os.WriteFile(c.data("ldap.password"), []byte("hush"), 0o600))
	require.NotContains(t, c.fails(t, exitFailed, "user", "sync"), "hush")
	require.Equal(t, before, c.do(t, "user", "export"))
}

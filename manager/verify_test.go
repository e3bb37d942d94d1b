package manager_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// consoleOutput returns the console output of the account crm without rules.
func consoleOutput() map[string][]string {
	const name = "crm"
	return map[string][]string{
		"manager show users": {"", "username", "--------", name, "-------------------", "1 manager users configured."},
		"manager show user " + name: {
			"          username: " + name, "            secret: <Set>", "         read perm: call", "        write perm: <none>",
			"   displayconnects: no", "allowmultiplelogin: yes", "ACL: office",
		},
		"acl show office": {"", "ACL: office", "---------------------------------------------"},
		"manager show connected": {
			"  test             127.0.0.1                                                1795320321  0           9         0         0000000000  0000000000",
		},
	}
}

// testSection returns the section of the account in consoleOutput.
func testSection(name string, lines ...dialect.Line) dialect.Section {
	section := dialect.Section{Name: name, Lines: []dialect.Line{
		{Key: "secret", Value: validSecret}, {Key: "read", Value: "call"}, {Key: "write", Value: "none"},
		{Key: "displayconnects", Value: "no"}, {Key: "allowmultiplelogin", Value: "yes"},
	}}
	section.Lines = append(section.Lines, lines...)
	return section
}

func TestConfSource_Verify_detectsMismatch(t *testing.T) {
	t.Parallel()
	office := dialect.Line{Key: "acl", Value: "office"}
	for _, test := range []struct {
		name  string
		after dialect.Section
		shown map[string][]string
		want  string
	}{
		{"as written", testSection("crm", office), nil, ""},
		{"in another case", testSection("CRM", office), map[string][]string{"manager show user CRM": consoleOutput()["manager show user crm"]}, ""},
		{"not there", testSection("dialer"), nil, "Asterisk does not have it; see the log of Asterisk"},
		{"a heading is no account", testSection("username"), nil, "Asterisk does not have it; see the log of Asterisk"},
		{"an unknown list", testSection("crm", office), map[string][]string{"acl show office": {"Could not find ACL named 'office'"}}, "its named ACL is not in acl.conf, so nobody could log in; add the ACL there and run 'module reload acl', or leave it out"},
		{"no list", testSection("crm"), nil, "the named ACL differs"},
		{"another list", testSection("crm", dialect.Line{Key: "acl", Value: "home"}), nil, "the named ACL differs"},
		{"a rule", testSection("crm", office, dialect.Line{Key: "deny", Value: "::/0"}), nil, "its addresses are [], not [deny ::/0]"},
		{"fewer classes", testSection("crm", office, dialect.Line{Key: "read", Value: "call,user"}), nil, "read is call, not call,user"},
		{"more classes", testSection("crm", office, dialect.Line{Key: "write", Value: "call"}), nil, "write is <none>, not call"},
		{"connects", testSection("crm", office, dialect.Line{Key: "displayconnects", Value: "yes"}), nil, "displayconnects is no, not yes"},
		{"logins", testSection("crm", office, dialect.Line{Key: "allowmultiplelogin", Value: "no"}), nil, "allowmultiplelogin is yes, not no"},
		{"nothing is shown", testSection("crm", office), map[string][]string{"manager show user crm": {"There is no manager called crm"}}, "read is , not call"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			commands := consoleOutput()
			maps.Copy(commands, test.shown)
			after := []dialect.Section{test.after}
			err := verifyAgainstFake(t, &amitest.Options{Commands: commands}, &asteriskconf.Change{
				After: after, Sections: []asteriskconf.SectionChange{{Name: test.after.Name, After: &after[0]}},
			})
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			mismatch := (*asteriskconf.MismatchError)(nil)
			require.ErrorAs(t, err, &mismatch)
			require.Equal(t, asteriskconf.MismatchError{Object: "AMI account " + test.after.Name, Difference: test.want}, *mismatch)
		})
	}
}

// verifyAgainstFake verifies a change against a fake Asterisk.
func verifyAgainstFake(t *testing.T, asterisk *amitest.Options, change *asteriskconf.Change) error {
	t.Helper()
	asterisk.Accounts = append(asterisk.Accounts, amitest.Account{Name: "test", Secret: "secret"})
	server := amitest.NewServer(asterisk)
	t.Cleanup(server.Close)
	client, err := ami.Dial(t.Context(), server.Addr(), &ami.Options{Username: "test", Secret: store.NewSecret("secret")})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	source := manager.NewConfSource(memstore.New().AMIAccounts(), &manager.ConfSourceOptions{Address: server.Addr()})
	change.File = source.File()
	return source.Verify(t.Context(), client, change)
}

func TestConfSource_Verify_logsInWithNewSecrets(t *testing.T) {
	t.Parallel()
	const works, mismatch = "", "AMI account crm is not live as written: Asterisk denies a login with its secret"
	deny, permit := dialect.Line{Key: "deny", Value: "0.0.0.0/0"}, dialect.Line{Key: "permit", Value: "127.0.0.0/8"}
	for _, test := range []struct {
		name, live string
		lines      []dialect.Line
		rules      []string
		seen, want string
		known      bool
	}{
		{name: "the secret works", live: validSecret, want: works},
		{name: "the secret does not work", live: "another", want: mismatch},
		{name: "it does not work from a permitted address", live: "another", lines: []dialect.Line{deny, permit}, rules: []string{
			"ACL: (unnamed)", "  0:  deny - 0.0.0.0/0.0.0.0", "  1: allow - 127.0.0.0/255.0.0.0",
		}, want: mismatch},
		{name: "this host is not permitted", live: "another", lines: []dialect.Line{deny}, rules: []string{
			"ACL: (unnamed)", "  0:  deny - 0.0.0.0/0.0.0.0",
		}, want: works},
		{name: "a named ACL prevents the login", live: "another", lines: []dialect.Line{{Key: "acl", Value: "office"}}, rules: []string{
			"ACL: office",
		}, want: works},
		{name: "Asterisk sees a different address", live: "another", seen: "172.17.0.1", want: works},
		{name: "the secret is unchanged", live: "another", known: true, want: works},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			commands := consoleOutput()
			shown := commands["manager show user crm"]
			commands["manager show user crm"] = append(shown[:len(shown)-1:len(shown)-1], test.rules...)
			if test.seen != "" {
				commands["manager show connected"][0] = "  test             172.17.0.1 " + commands["manager show connected"][0][30:]
			}
			after := []dialect.Section{testSection("crm", test.lines...)}
			change := asteriskconf.SectionChange{Name: "crm", After: &after[0]}
			if test.known {
				before := testSection("crm")
				change.Before = &before
			}
			err := verifyAgainstFake(t, &amitest.Options{Commands: commands, Accounts: []amitest.Account{{Name: "crm", Secret: test.live}}},
				&asteriskconf.Change{After: after, Sections: []asteriskconf.SectionChange{change}})
			if test.want == works {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, test.want)
		})
	}
}

func TestConfSource_Verify_acceptsDeletedAccountNamedLikeHeading(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	p.create(t, &manager.Account{Name: "username"})
	p.apply(t)
	require.NoError(t, p.service.Delete(testContext(t), "username"))
	require.Equal(t, 1, p.apply(t).Files[0].Removed)
}

// TestConfSource_Verify_acceptsDeletedAccountInManualSection moves a deleted
// account to a manual section.
func TestConfSource_Verify_acceptsDeletedAccountInManualSection(t *testing.T) {
	t.Parallel()
	p := startPBX(t, nil)
	a := p.create(t, &manager.Account{Name: "crm", Read: manager.Call})
	p.apply(t)
	require.NoError(t, p.service.Delete(testContext(t), a.Name))
	manual := "[CRM]\nsecret = manual secret\nread = call\n"
	require.NoError(t, os.WriteFile(filepath.Join(p.ConfDir, "manager.d", "crm.conf"), []byte(manual), 0o640))
	require.Equal(t, 1, p.apply(t).Files[0].Removed)
	a.Secret = store.NewSecret("manual secret")
	require.NoError(t, p.login(t, a))
}

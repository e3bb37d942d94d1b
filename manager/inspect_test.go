package manager_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// inspectIssues returns the issues of a configuration folder as "code
// file:line", and the address of AMI.
func inspectIssues(t *testing.T, dir string) (issues []string, address string) {
	t.Helper()
	tree, err := dialect.ParseFile(dir, "manager.conf", nil)
	require.NoError(t, err)
	for _, issue := range manager.NewConfSource(memstore.New().AMIAccounts(), nil).Inspect(t.Context(), &asteriskconf.Inspection{Dir: dir, Tree: tree, Change: &asteriskconf.Change{}}) {
		require.NotEmpty(t, issue.Message)
		issues = append(issues, fmt.Sprintf("%s %s:%d", issue.Code, issue.File, issue.Line))
	}
	return issues, manager.ListenAddress(tree)
}

func TestConfSource_Inspect_findsFixableIssues(t *testing.T) {
	t.Parallel()
	const off, public = "enabled manager.conf:", "bindaddr manager.conf:"
	for _, test := range []struct {
		name, conf string
		files      map[string]string
		want       []string
		address    string
	}{
		{name: "no issue", conf: "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n", address: "127.0.0.1:5038"},
		{name: "another port", conf: "[general]\nport = 5999\nenabled = on\nbindaddr = 127.0.0.2\n", address: "127.0.0.2:5999"},
		{name: "an empty file", conf: "", want: []string{off + "0"}, address: "127.0.0.1:5038"},
		{name: "no general section", conf: "[crm]\nsecret = x\n", want: []string{off + "0"}, address: "127.0.0.1:5038"},
		{name: "an empty section", conf: "[general]\n", want: []string{off + "0", public + "0"}, address: "127.0.0.1:5038"},
		{name: "enabled is missing", conf: "[general]\nbindaddr = ::1\n", want: []string{off + "0"}, address: "[::1]:5038"},
		{name: "enabled = no", conf: "[general]\nbindaddr=127.0.0.1\nenabled=no\n", want: []string{off + "3"}, address: "127.0.0.1:5038"},
		{name: "enabled has an unknown value", conf: "[general]\nenabled = enabled\nbindaddr = 127.0.0.1\n", want: []string{off + "2"}, address: "127.0.0.1:5038"},
		{name: "the last line counts", conf: "[general]\nENABLED = yes\nbindaddr = 127.0.0.1\nEnabled = off\n", want: []string{off + "4"}, address: "127.0.0.1:5038"},
		{name: "the last line fixes the setting", conf: "[general]\nenabled = no\nbindaddr = ::\nenabled = T\nBindAddr = 127.0.0.1\n", address: "127.0.0.1:5038"},
		{name: "bindaddr is missing", conf: "[general]\nenabled = 1\nport = 6000\n", want: []string{public + "0"}, address: "127.0.0.1:6000"},
		{name: "bindaddr = ::", conf: "[general]\nenabled = y\nbindaddr = ::\n", want: []string{public + "3"}, address: "127.0.0.1:5038"},
		{name: "bindaddr = [::]", conf: "[general]\nenabled = y\nbindaddr = [::]\n", want: []string{public + "3"}, address: "127.0.0.1:5038"},
		{name: "bindaddr = 0.0.0.0", conf: "[general]\nenabled = yes\nbindaddr = 0.0.0.0\n", want: []string{public + "3"}, address: "127.0.0.1:5038"},
		{name: "a network address", conf: "[general]\nenabled = yes\nbindaddr = 192.0.2.1\n", want: []string{public + "3"}, address: "192.0.2.1:5038"},
		{name: "an IPv6 address in brackets", conf: "[general]\nenabled = yes\nbindaddr = [::1]\n", address: "[::1]:5038"},
		{name: "the port of bindaddr is ignored", conf: "[general]\nenabled = yes\nbindaddr = [::1]:6000\n", address: "[::1]:5038"},
		{name: "of IPv4 too", conf: "[general]\nenabled = yes\nbindaddr = 127.0.0.1:6000\nport = 5040\n", address: "127.0.0.1:5040"},
		{name: "a host name is not an address", conf: "[general]\nenabled = yes\nbindaddr = localhost\n", want: []string{public + "3"}, address: "127.0.0.1:5038"},
		{name: "half a bracket is not an address", conf: "[general]\nenabled = yes\nbindaddr = ::1]\n", want: []string{public + "3"}, address: "127.0.0.1:5038"},
		{
			name: "a comment is not a setting", conf: "[general]\n;enabled = yes\nbindaddr = 127.0.0.1 ; not ::\n;--\nbindaddr = ::\n--;\n",
			want: []string{off + "0"}, address: "127.0.0.1:5038",
		},
		{
			name: "a template is not a section", conf: "[general](!)\nenabled = yes\n[GENERAL]\nbindaddr = 127.0.0.1\n",
			want: []string{off + "0"}, address: "127.0.0.1:5038",
		},
		{
			name: "a section of a template", conf: "[base](!)\nenabled = no\nbindaddr = 127.0.0.1\n[general](base)\nport = 5041\n",
			want: []string{off + "2"}, address: "127.0.0.1:5041",
		},
		{
			name: "the first section of the name counts", conf: "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n[general]\nenabled = no\nbindaddr = ::\n",
			address: "127.0.0.1:5038",
		},
		{
			name: "lines that are added later", conf: "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n[general](+)\nenabled = no\n",
			want: []string{off + "5"}, address: "127.0.0.1:5038",
		},
		{
			name: "a section in an included file", conf: "#include sub/general.conf\n",
			files: map[string]string{"sub/general.conf": "[general]\nbindaddr = 127.0.0.1\n"},
			want:  []string{"enabled sub/general.conf:0"}, address: "127.0.0.1:5038",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for name, text := range test.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750))
				require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o640))
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.conf"), []byte(test.conf), 0o640))
			issues, address := inspectIssues(t, dir)
			require.Equal(t, test.want, issues)
			require.Equal(t, test.address, address)

			installFixes(t, dir)
			issues, _ = inspectIssues(t, dir)
			require.Empty(t, issues, "every issue is fixed")
		})
	}
}

// installFixes installs our file and fixes every issue.
func installFixes(t *testing.T, dir string) {
	t.Helper()
	configDir, err := asteriskconf.Open(dir, []asteriskconf.Source{manager.NewConfSource(memstore.New().AMIAccounts(), nil)}, nil)
	require.NoError(t, err)
	plan, err := configDir.PlanInstall(t.Context())
	require.NoError(t, err)
	var codes []string
	for _, issue := range plan.Issues {
		codes = append(codes, issue.Code)
	}
	_, err = configDir.Install(t.Context(), codes...)
	require.NoError(t, err)
}

func TestConfSource_Inspect_findsIssueInIncludedFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "general.inc"), []byte("port = 5042\nenabled = no\n"), 0o640))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.conf"), []byte("[general]\n#include general.inc\nbindaddr = 127.0.0.1\n"), 0o640))
	issues, address := inspectIssues(t, dir)
	require.Equal(t, []string{"enabled general.inc:2"}, issues)
	require.Equal(t, "127.0.0.1:5042", address)
}

func TestConfSource_Inspect_findsAccountsInUsersConf(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string][]string{
		"[desk]\nsecret = x\nhasmanager = yes\n":                                      {"users_conf users.conf:1"},
		"[desk]\nsecret = x\nhasmanager = no\n[phone]\nhassip = yes\n":                nil,
		"[general]\nhasmanager = yes\n[desk]\nsecret = x\n[phone]\nhasmanager = no\n": {"users_conf users.conf:3"},
		"[base](!)\nhasmanager = yes\n[desk](base)\nsecret = x\n":                     {"users_conf users.conf:3"},
		"[general]\nhasmanager = yes\n":                                               nil,
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.conf"), []byte("[general]\nenabled = yes\nbindaddr = 127.0.0.1\n"), 0o640))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "users.conf"), []byte(conf), 0o640))
		issues, _ := inspectIssues(t, dir)
		require.Equal(t, want, issues, conf)
		position, err := manager.NameInConfig(dir)(t.Context(), "DESK")
		require.NoError(t, err)
		require.Equal(t, want != nil, position != "", "the name is taken: %s", conf)
	}
}

func TestConfSource_Inspect_noFixOutsideDirectory(t *testing.T) {
	t.Parallel()
	dir, outerDir := t.TempDir(), t.TempDir()
	outside := filepath.Join(outerDir, "general.conf")
	require.NoError(t, os.WriteFile(outside, []byte("[general]\nenabled = no\nbindaddr = 127.0.0.1\n"), 0o640))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.conf"), []byte("#include "+outside+"\n"), 0o640))
	tree, err := dialect.ParseFile(dir, "manager.conf", nil)
	require.NoError(t, err)
	issues := manager.NewConfSource(memstore.New().AMIAccounts(), nil).Inspect(t.Context(), &asteriskconf.Inspection{Dir: t.TempDir(), Tree: tree, Change: &asteriskconf.Change{}})
	require.Len(t, issues, 1)
	require.Equal(t, outside, issues[0].File)
	require.Nil(t, issues[0].Fix)
}

// The running Asterisk has accounts that no file has only if it runs the program.
func TestConfSource_Inspect_namesLiveAccountsOfNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manager.conf"), []byte(
		"[general]\nenabled = yes\nbindaddr = 127.0.0.1\n[admin]\nsecret = x\n[base](!)\nread = all\n#exec /bin/accounts\n[New]\nsecret = x\n"), 0o640))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "users.conf"), []byte("[desk]\nhasmanager = yes\n"), 0o640))
	tree, err := dialect.ParseFile(dir, "manager.conf", nil)
	require.NoError(t, err)
	sections := func(name string) []dialect.Section { return []dialect.Section{{Name: name}} }
	change := &asteriskconf.Change{Before: sections("old"), After: sections("New"), Live: sections("live"), Unverified: sections("between")}
	issues := func(names ...string) (found []string) {
		lines := slices.Concat([]string{"", "username", "--------"}, names, []string{"-------------------", "users configured."})
		in := &asteriskconf.Inspection{Dir: dir, Tree: tree, Change: change, Command: func(_ context.Context, command string) ([]string, error) {
			require.Equal(t, "manager show users", command)
			return lines, nil
		}}
		for _, issue := range manager.NewConfSource(memstore.New().AMIAccounts(), nil).Inspect(t.Context(), in) {
			if issue.Code == manager.IssueExec {
				require.Equal(t, strings.Contains(issue.Message, "already"), issue.Blocking)
				found = append(found, issue.Message)
			}
		}
		return found
	}
	require.Empty(t, issues("Admin", "desk", "OLD", "live", "between"), "the program prints nothing, or does not run")
	require.Contains(t, issues("base", "Crm")[0], "may print them: base, crm; ", "a template is no account")
	replaced := issues("new", "admin")
	require.Len(t, replaced, 1)
	require.Contains(t, replaced[0], "Asterisk has an AMI account New already")
	var many []string
	for i := range 25 {
		many = append(many, fmt.Sprintf("crm%02d", i))
	}
	require.Contains(t, issues(many...)[0], "crm18, crm19 and 5 more; ")
}

package asteriskconf_test

import (
	"context"
	"fmt"
	"net/netip"
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

// fakeAsterisk reads the folder with package dialect and serves the accounts of
// its last reload. The real one starts slower and cannot be stopped between any
// two steps.
type fakeAsterisk struct {
	dir     string
	version asteriskconf.Version
	// live are the sections that it serves.
	live []dialect.Section
	// ignoresReload makes reloads succeed without effect.
	ignoresReload bool
	// sessionsErr, if set, is the answer to the list of sessions, which is
	// otherwise empty.
	sessionsErr error
	// crashed makes every request wait, as a client waits for a crashed
	// Asterisk.
	crashed bool
	// beforeRead, beforeReload and afterReload, if set, are called before a
	// file is read, before a reload, and after it.
	beforeRead, beforeReload, afterReload func()
}

func (a *fakeAsterisk) Version(context.Context) (asteriskconf.Version, error) { return a.version, nil }

func (a *fakeAsterisk) ReadConfig(_ context.Context, filename string) ([]dialect.Section, error) {
	if a.beforeRead != nil {
		a.beforeRead()
	}
	tree, err := dialect.ParseFile(a.dir, filename, nil)
	if err != nil {
		return nil, err
	}
	return tree.ResolvedSections(), nil
}

// Reload reads manager.conf again. Asterisk ignores an invalid file and reports
// success.
func (a *fakeAsterisk) Reload(ctx context.Context, _ string) error {
	if a.crashed {
		<-ctx.Done()
		return ctx.Err()
	}
	if a.beforeReload != nil {
		a.beforeReload()
	}
	tree, err := dialect.ParseFile(a.dir, "manager.conf", nil)
	if err != nil {
		return err
	}
	broken := slices.ContainsFunc(tree.Findings, func(f dialect.Finding) bool { return f.Invalid })
	if !broken && !a.ignoresReload {
		a.live = tree.ResolvedSections()
	}
	if a.afterReload != nil {
		a.afterReload()
	}
	return nil
}

func (a *fakeAsterisk) Command(ctx context.Context, command string) ([]string, error) {
	if a.crashed {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	switch command {
	case "manager show users":
		return a.showUsers(), nil
	case "manager show connected":
		return nil, a.sessionsErr
	}
	if name, ok := strings.CutPrefix(command, "manager show user "); ok {
		return a.showUser(name), nil
	}
	return nil, nil
}

func (a *fakeAsterisk) showUsers() []string {
	lines := []string{"", "username", "--------"}
	for _, s := range a.live {
		if s.Name != "general" {
			lines = append(lines, s.Name)
		}
	}
	return append(lines, "-------------------", "manager users configured.")
}

func (a *fakeAsterisk) showUser(name string) []string {
	for _, s := range a.live {
		if strings.EqualFold(s.Name, name) {
			return consoleLines(s)
		}
	}
	return []string{"There is no manager called " + name}
}

func consoleLines(s dialect.Section) []string {
	lines := []string{"username: " + s.Name, "secret: <Set>"}
	for label, key := range map[string]string{
		"read perm": "read", "write perm": "write", "displayconnects": "displayconnects", "allowmultiplelogin": "allowmultiplelogin",
	} {
		value, _ := s.Value(key)
		lines = append(lines, label+": "+strings.Replace(value, "none", "<none>", 1))
	}
	lines = append(lines, "ACL: (unnamed)")
	for _, line := range s.Lines {
		sense := map[string]string{"deny": "deny", "permit": "allow"}[line.Key]
		if prefix, err := netip.ParsePrefix(line.Value); sense != "" && err == nil {
			lines = append(lines, fmt.Sprintf("0: %s - %s/%d", sense, prefix.Addr(), prefix.Bits()))
		}
	}
	return lines
}

// fakeEnv is a fakeAsterisk and a store of AMI accounts to apply to it.
type fakeEnv struct {
	*fakeAsterisk
	store     manager.Store
	configDir *asteriskconf.ConfigDir
}

// newFakeEnv returns a folder with the file installed and the accounts names
// applied.
func newFakeEnv(t testing.TB, names ...string) *fakeEnv {
	t.Helper()
	return newFakeEnvIn(t, t.TempDir(), names...)
}

func newFakeEnvIn(t testing.TB, dir string, names ...string) *fakeEnv {
	t.Helper()
	s := &fakeEnv{
		fakeAsterisk: &fakeAsterisk{dir: dir, version: asteriskconf.Version{Major: 22, Minor: 10, Patch: 1}},
		store:        memstore.New().AMIAccounts(),
	}
	s.write(t, "manager.conf", validGeneral)
	s.configDir = s.open(t, s.fakeAsterisk)
	_, err := s.configDir.Install(testContext(t))
	require.NoError(t, err)
	s.add(t, names...)
	s.apply(t)
	return s
}

// open opens the folder again, as a second program would; asterisk may be nil.
func (s *fakeEnv) open(t testing.TB, asterisk asteriskconf.Asterisk) *asteriskconf.ConfigDir {
	t.Helper()
	configDir, err := openConfigDir(s.dir, "", s.store, asterisk)
	require.NoError(t, err)
	return configDir
}

func (s *fakeEnv) add(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, s.store.CreateAccount(testContext(t), accountNamed(name)))
	}
}

func (s *fakeEnv) updateAlpha(t testing.TB, change func(*manager.Account)) {
	t.Helper()
	require.NoError(t, s.store.UpdateAccount(testContext(t), "alpha", func(a *manager.Account) error {
		change(a)
		return nil
	}))
}

func (s *fakeEnv) apply(t testing.TB) *asteriskconf.Report {
	t.Helper()
	report, err := s.configDir.Apply(testContext(t))
	require.NoError(t, err)
	require.True(t, report.Verified)
	return report
}

// requireApplyError requires an apply to fail and returns its error.
func (s *fakeEnv) requireApplyError(t testing.TB) *asteriskconf.ApplyError {
	t.Helper()
	_, err := s.configDir.Apply(testContext(t))
	var applyErr *asteriskconf.ApplyError
	require.ErrorAs(t, err, &applyErr)
	return applyErr
}

func (s *fakeEnv) status(t testing.TB) *asteriskconf.Status {
	t.Helper()
	status, err := s.configDir.Status(testContext(t))
	require.NoError(t, err)
	return status
}

// accounts returns the accounts that the fake serves.
func (s *fakeEnv) accounts() []string { return accountNames(s.showUsers(), "") }

// fakeManagedFile is the path of the file in a fake's folder.
const fakeManagedFile = "pbxusers_manager.conf"

func (s *fakeEnv) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *fakeEnv) write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(s.path(path), []byte(content), 0o600))
}

// backups returns the contents of the backups of the file.
func (s *fakeEnv) backups(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(s.path(".pbxusers", "backups", fakeManagedFile+".*"))
	require.NoError(t, err)
	contents := []string{}
	for _, path := range paths {
		contents = append(contents, readFile(t, path))
	}
	return contents
}

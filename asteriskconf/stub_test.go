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
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// stub is an Asterisk that reads the folder with our own reader, and that
// serves the accounts of its last reload. The real one is slower to start,
// and cannot be stopped between any two steps.
type stub struct {
	dir     string
	version asteriskconf.Version
	// live are the sections that it serves.
	live []asteriskconf.Section
	// deaf says that reloads succeed, and change nothing.
	deaf bool
	// sessions is what it answers instead of the list of open sessions, of
	// which it has none.
	sessions error
	// lost says that it crashed: the client waits for it to come back.
	lost bool
	// beforeRead, reload and after, when set, are called before a file is read,
	// before a reload, and after it.
	beforeRead, reload, after func()
}

func (a *stub) Version(context.Context) (asteriskconf.Version, error) { return a.version, nil }

func (a *stub) ReadConfig(_ context.Context, filename string) ([]asteriskconf.Section, error) {
	if a.beforeRead != nil {
		a.beforeRead()
	}
	tree, err := asteriskconf.ParseFile(a.dir, filename, nil)
	if err != nil {
		return nil, err
	}
	return tree.Plain(), nil
}

// Reload reads manager.conf again. Of one that is broken Asterisk takes
// nothing, and reports success.
func (a *stub) Reload(ctx context.Context, _ string) error {
	if a.lost {
		<-ctx.Done()
		return ctx.Err()
	}
	if a.reload != nil {
		a.reload()
	}
	tree, err := asteriskconf.ParseFile(a.dir, "manager.conf", nil)
	if err != nil {
		return err
	}
	broken := slices.ContainsFunc(tree.Findings, func(f asteriskconf.Finding) bool { return f.Invalid })
	if !broken && !a.deaf {
		a.live = tree.Plain()
	}
	if a.after != nil {
		a.after()
	}
	return nil
}

func (a *stub) Command(ctx context.Context, command string) ([]string, error) {
	if a.lost {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	switch command {
	case "manager show users":
		return a.showUsers(), nil
	case "manager show connected":
		return nil, a.sessions
	}
	if name, ok := strings.CutPrefix(command, "manager show user "); ok {
		return a.showUser(name), nil
	}
	return nil, nil
}

func (a *stub) showUsers() []string {
	lines := []string{"", "username", "--------"}
	for _, s := range a.live {
		if s.Name != "general" {
			lines = append(lines, s.Name)
		}
	}
	return append(lines, "-------------------", "manager users configured.")
}

func (a *stub) showUser(name string) []string {
	for _, s := range a.live {
		if strings.EqualFold(s.Name, name) {
			return shownSection(s)
		}
	}
	return []string{"There is no manager called " + name}
}

func shownSection(s asteriskconf.Section) []string {
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

// stubSite is a stub, and a store of AMI accounts to apply to it.
type stubSite struct {
	*stub
	store  manager.Store
	folder *asteriskconf.Folder
}

// newStubSite is a folder with our file installed, and the accounts named
// applied.
func newStubSite(t testing.TB, names ...string) *stubSite {
	t.Helper()
	return stubSiteIn(t, t.TempDir(), names...)
}

func stubSiteIn(t testing.TB, dir string, names ...string) *stubSite {
	t.Helper()
	s := &stubSite{
		stub:  &stub{dir: dir, version: asteriskconf.Version{Major: 22, Minor: 10, Patch: 1}},
		store: memstore.New().Managers(),
	}
	s.write(t, "manager.conf", goodGeneral)
	s.folder = s.open(t, s.stub)
	_, err := s.folder.Install(within(t))
	require.NoError(t, err)
	s.add(t, names...)
	s.apply(t)
	return s
}

// open opens the folder anew, as a second program would; live may be nil.
func (s *stubSite) open(t testing.TB, live asteriskconf.Asterisk) *asteriskconf.Folder {
	t.Helper()
	folder, err := openFolder(s.dir, "", s.store, live)
	require.NoError(t, err)
	return folder
}

func (s *stubSite) add(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, s.store.CreateUser(within(t), accountNamed(name)))
	}
}

func (s *stubSite) updateAlpha(t testing.TB, change func(*manager.User)) {
	t.Helper()
	require.NoError(t, s.store.UpdateUser(within(t), "alpha", func(u *manager.User) error {
		change(u)
		return nil
	}))
}

func (s *stubSite) apply(t testing.TB) *asteriskconf.Report {
	t.Helper()
	report, err := s.folder.Apply(within(t))
	require.NoError(t, err)
	require.True(t, report.Verified)
	return report
}

// refused is an apply that fails, with what it says.
func (s *stubSite) refused(t testing.TB) *asteriskconf.ApplyError {
	t.Helper()
	_, err := s.folder.Apply(within(t))
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	return failure
}

func (s *stubSite) status(t testing.TB) *asteriskconf.Status {
	t.Helper()
	status, err := s.folder.Status(within(t))
	require.NoError(t, err)
	return status
}

// users are the accounts that the stub serves.
func (s *stubSite) users() []string { return usersIn(s.showUsers(), "") }

// stubOurs is where our file stands in a stub's folder.
const stubOurs = "pbxusers_manager.conf"

func (s *stubSite) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

func (s *stubSite) write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(s.path(path), []byte(content), 0o600))
}

// kept returns what the copies hold that were set aside of our file.
func (s *stubSite) kept(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(s.path(".pbxusers", "kept", stubOurs+".*"))
	require.NoError(t, err)
	contents := []string{}
	for _, path := range paths {
		contents = append(contents, contentOf(t, path))
	}
	return contents
}

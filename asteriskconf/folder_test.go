package asteriskconf_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/peers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// site is a running Asterisk, and a store of AMI accounts to apply to it.
type site struct {
	*peers.Asterisk
	client *ami.Client
	store  manager.Store
	folder *asteriskconf.Folder
}

const ours = "manager.d/pbxusers_manager.conf"

func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// startSite starts an Asterisk with an installed folder. wrap, when given,
// stands between the folder and Asterisk.
func startSite(t testing.TB, wrap func(asteriskconf.Asterisk) asteriskconf.Asterisk) *site {
	t.Helper()
	s := &site{Asterisk: peers.StartAsterisk(t, nil), store: memstore.New().Managers()}
	var err error
	s.client, err = ami.Dial(within(t), s.AMIAddr, &ami.Options{Username: s.AMIUser, Secret: store.NewSecret(s.AMISecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.client.Close() })
	live := asteriskconf.Asterisk(s.client)
	if wrap != nil {
		live = wrap(live)
	}
	s.folder = s.open(t, live)
	_, err = s.folder.Install(within(t))
	require.NoError(t, err)
	return s
}

// open opens the folder of s anew, as a second program would.
func (s *site) open(t testing.TB, live asteriskconf.Asterisk) *asteriskconf.Folder {
	t.Helper()
	folder, err := openFolder(s.ConfDir, s.AMIAddr, s.store, live)
	require.NoError(t, err)
	return folder
}

func openFolder(dir, address string, st manager.Store, live asteriskconf.Asterisk) (*asteriskconf.Folder, error) {
	opts, sourceOpts := &asteriskconf.Options{}, &manager.SourceOptions{}
	if live != nil {
		opts.Asterisk, sourceOpts.Address = live, address
	}
	return asteriskconf.Open(dir, []asteriskconf.Source{manager.NewSource(st, sourceOpts)}, opts)
}

// accountNamed is an account that may log in from this host.
func accountNamed(name string) *manager.User {
	here, err := manager.NetworkFrom(netip.MustParsePrefix("127.0.0.0/8"))
	if err != nil {
		panic(err)
	}
	return &manager.User{
		Name: name, Secret: store.NewSecret("secret of " + name), Permit: []manager.Network{here},
		Read: manager.Call, Write: manager.Call | manager.Originate, AllowMultipleLogin: true,
	}
}

func (s *site) add(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, s.store.CreateUser(within(t), accountNamed(name)))
	}
}

func (s *site) apply(t testing.TB) *asteriskconf.Report {
	t.Helper()
	report, err := s.folder.Apply(within(t))
	require.NoError(t, err)
	return report
}

func (s *site) pending(t testing.TB) bool {
	t.Helper()
	pending, err := s.folder.Pending(within(t))
	require.NoError(t, err)
	return pending
}

func (s *site) login(t testing.TB, name string) error {
	t.Helper()
	u := accountNamed(name)
	_, err := ami.TestLogin(within(t), s.AMIAddr, &ami.Options{Username: name, Secret: u.Secret})
	return err
}

// users are the accounts that Asterisk serves beside the administrator.
func (s *site) users(t testing.TB) []string {
	t.Helper()
	return usersIn(s.Console(t, "manager show users"), s.AMIUser)
}

func usersIn(lines []string, but string) []string {
	users := []string{}
	for _, line := range lines {
		name := strings.TrimSpace(line)
		if name == "" || name == "username" || name == but || strings.HasPrefix(name, "---") || strings.Contains(name, "configured") {
			continue
		}
		users = append(users, name)
	}
	return users
}

func (s *site) read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.ConfDir, path))
	require.NoError(t, err)
	return string(content)
}

func (s *site) write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.ConfDir, path), []byte(content), 0o600))
}

// candidates are the files that an apply has left beside their targets.
func (s *site) candidates(t testing.TB) []string {
	t.Helper()
	var left []string
	for _, pattern := range []string{".*.new", "*/.*.new"} {
		found, err := filepath.Glob(filepath.Join(s.ConfDir, pattern))
		require.NoError(t, err)
		left = append(left, found...)
	}
	return left
}

func TestApply_makesTheRecordsLive(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha", "beta")
	require.True(t, s.pending(t))

	report := s.apply(t)
	require.True(t, report.Changed)
	require.True(t, report.Verified)
	require.Equal(t, "manager", report.Files[0].Reloaded)
	require.Equal(t, 2, report.Files[0].Added)
	require.Equal(t, []string{"alpha", "beta"}, s.users(t))
	require.NoError(t, s.login(t, "alpha"))
	require.False(t, s.pending(t))
	require.Empty(t, s.candidates(t))

	again := s.apply(t)
	require.False(t, again.Changed, "nothing is reloaded when nothing differs")
	require.True(t, again.Verified)
	require.Equal(t, report.Generation, again.Generation)
}

func TestApply_keepsModeAndOwnerReadableByAsterisksGroup(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	info, err := os.Stat(filepath.Join(s.ConfDir, ours))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	state, err := os.Stat(filepath.Join(s.ConfDir, ".pbxusers"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), state.Mode().Perm())
}

func TestPlan_showsWhatWouldChangeAndNoSecret(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha", "beta")
	s.apply(t)
	require.NoError(t, s.store.DeleteUser(within(t), "beta"))
	s.add(t, "gamma")
	require.NoError(t, s.store.UpdateUser(within(t), "alpha", func(u *manager.User) error {
		u.Secret, u.Read = store.NewSecret("another secret"), manager.Call|manager.UserClass
		return nil
	}))
	plan, err := s.folder.Plan(within(t))
	require.NoError(t, err)
	require.Equal(t, `manager.d/pbxusers_manager.conf (reload manager)
  ~ [alpha]
    - secret = [redacted]
    - read = call
    + secret = [redacted]
    + read = call,user
  + [gamma]
    + secret = [redacted]
    + deny = 0.0.0.0/0
    + deny = ::/0
    + permit = 127.0.0.0/8
    + read = call
    + write = call,originate
    + displayconnects = no
    + allowmultiplelogin = yes
    + writetimeout = 100
  - [beta]
    - secret = [redacted]
    - deny = 0.0.0.0/0
    - deny = ::/0
    - permit = 127.0.0.0/8
    - read = call
    - write = call,originate
    - displayconnects = no
    - allowmultiplelogin = yes
    - writetimeout = 100
`, plan.String())
	require.Equal(t, []string{"alpha", "beta"}, s.users(t), "a plan changes nothing")
	s.apply(t)
	plan, err = s.folder.Plan(within(t))
	require.NoError(t, err)
	require.True(t, plan.Empty())
}

func TestApply_withoutAnAsteriskWritesTheFilesAndStaysPending(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha")
	offline := s.open(t, nil)
	report, err := offline.Apply(within(t))
	require.NoError(t, err)
	require.False(t, report.Verified)
	require.Contains(t, s.read(t, ours), "[alpha]")
	require.Empty(t, s.users(t), "nothing was reloaded")
	require.True(t, s.pending(t))

	report = s.apply(t)
	require.True(t, report.Verified)
	require.Equal(t, []string{"alpha"}, s.users(t))
	require.False(t, s.pending(t))
}

func TestRollback_goesBackOneGenerationAndForthAgain(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	_, err := s.folder.Rollback(within(t))
	require.ErrorIs(t, err, store.ErrConflict, "there is nothing to go back to")
	s.add(t, "alpha")
	s.apply(t)
	s.add(t, "beta")
	s.apply(t)

	report, err := s.folder.Rollback(within(t))
	require.NoError(t, err)
	require.True(t, report.Verified)
	require.Equal(t, []string{"alpha"}, s.users(t))
	require.True(t, s.pending(t), "the records still hold the newer")

	_, err = s.folder.Rollback(within(t))
	require.NoError(t, err)
	require.Equal(t, []string{"alpha", "beta"}, s.users(t))
	require.False(t, s.pending(t))
}

func TestApply_setsACopyEditedByHandAside(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	edited := s.read(t, ours) + "[mallory]\nsecret = by hand\n"
	s.write(t, ours, edited)
	require.True(t, s.pending(t))
	plan, err := s.folder.Plan(within(t))
	require.NoError(t, err)
	require.True(t, plan.Files[0].EditedByHand)

	report := s.apply(t)
	kept, err := os.ReadFile(report.Files[0].KeptAside)
	require.NoError(t, err)
	require.Equal(t, edited, string(kept))
	require.Equal(t, []string{"alpha"}, s.users(t))
	require.NotContains(t, s.read(t, ours), "mallory")
}

func TestApply_putsADeletedFileBack(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	require.NoError(t, os.Remove(filepath.Join(s.ConfDir, ours)))
	require.True(t, s.pending(t))
	require.True(t, s.apply(t).Changed)
	require.Equal(t, []string{"alpha"}, s.users(t))
}

func TestApply_refusesABrokenHandEditBeforeAnythingIsRenamed(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	before := s.read(t, ours)
	s.add(t, "beta")
	for _, edit := range []struct {
		name, file, content string
		line                int
	}{
		{"an unclosed header in a file before ours", "manager.d/crm.conf", "; our CRM\n[crm]\nsecret = x\n[unclosed\nsecret = y\n", 4},
		{"an unclosed header in a file after ours", "manager.d/zzz.conf", "[zzz\n", 1},
		{"a block comment that swallows ours", "manager.d/crm.conf", "[crm]\nsecret = x\n;-- to be done\n", 3},
		{"a stray end of a comment", "manager.d/crm.conf", "[crm]\nsecret = a--;b\n", 2},
		{"an unknown template", "manager.d/crm.conf", "[crm](nobody)\n", 1},
		{"an include of nothing", "manager.d/crm.conf", "\n#include nothing.conf\n", 2},
		{"a key before any section", "manager.conf", "secret = x\n[general]\nenabled = yes\n#include \"manager.d/*.conf\"\n", 1},
	} {
		parent := s.read(t, "manager.conf")
		s.write(t, edit.file, edit.content)
		_, err := s.folder.Apply(within(t))
		var broken *asteriskconf.BrokenFileError
		require.ErrorAs(t, err, &broken, edit.name)
		require.Equal(t, edit.file, broken.Finding.File, edit.name)
		require.Equal(t, edit.line, broken.Finding.Line, edit.name)
		require.Contains(t, err.Error(), fmt.Sprintf("%s:%d:", edit.file, edit.line), edit.name)
		var failure *asteriskconf.ApplyError
		require.ErrorAs(t, err, &failure, edit.name)
		require.False(t, failure.Changed, edit.name)
		require.Equal(t, before, s.read(t, ours), edit.name)
		require.Empty(t, s.candidates(t), edit.name)
		require.True(t, s.pending(t), edit.name)
		require.NoError(t, os.Remove(filepath.Join(s.ConfDir, edit.file)))
		s.write(t, "manager.conf", parent)
	}
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.users(t))
}

func TestApply_refusesAnAccountThatIsAlsoWrittenByHand(t *testing.T) {
	t.Parallel()
	s := startSite(t, nil)
	s.add(t, "crm")
	s.write(t, "manager.d/crm.conf", "[CRM]\nsecret = x\n")
	_, err := s.folder.Apply(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Contains(t, err.Error(), "manager.d/crm.conf:1:")
	require.Empty(t, s.users(t))
}

func TestApply_refusesASecondOneAtTheSameTime(t *testing.T) {
	t.Parallel()
	reloading, goOn := make(chan struct{}), make(chan struct{})
	s := startSite(t, func(a asteriskconf.Asterisk) asteriskconf.Asterisk {
		return hooked{Asterisk: a, reload: func() { close(reloading); <-goOn }}
	})
	s.add(t, "alpha")
	done := make(chan error, 1)
	go func() {
		_, err := s.folder.Apply(context.Background())
		done <- err
	}()
	<-reloading
	_, err := s.open(t, s.client).Apply(within(t))
	close(goOn)
	require.ErrorIs(t, err, store.ErrConflict)
	require.NoError(t, <-done)
}

// hooked calls reload before each reload, and after it.
type hooked struct {
	asteriskconf.Asterisk
	reload func()
	after  func()
}

func (h hooked) Reload(ctx context.Context, module string) error {
	if h.reload != nil {
		h.reload()
	}
	err := h.Asterisk.Reload(ctx, module)
	if h.after != nil {
		h.after()
	}
	return err
}

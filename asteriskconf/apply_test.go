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
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// liveEnv is a running Asterisk and a store of AMI accounts to apply to it.
type liveEnv struct {
	*testservers.Asterisk
	client    *ami.Client
	store     manager.Store
	configDir *asteriskconf.ConfigDir
}

const managedFile = "manager.d/pbxusers_manager.conf"

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// newLiveEnv starts an Asterisk with an installed folder. wrap, if not nil,
// wraps the client of the folder.
func newLiveEnv(t testing.TB, wrap func(asteriskconf.Asterisk) asteriskconf.Asterisk) *liveEnv {
	t.Helper()
	s := &liveEnv{Asterisk: testservers.StartAsterisk(t, nil), store: memstore.New().AMIAccounts()}
	var err error
	s.client, err = ami.Dial(testContext(t), s.AMIAddr, &ami.Options{Username: s.AMIUser, Secret: store.NewSecret(s.AMISecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.client.Close() })
	asterisk := asteriskconf.Asterisk(s.client)
	if wrap != nil {
		asterisk = wrap(asterisk)
	}
	s.configDir = s.open(t, asterisk)
	_, err = s.configDir.Install(testContext(t))
	require.NoError(t, err)
	return s
}

// open opens the folder again, as a second program would.
func (s *liveEnv) open(t testing.TB, asterisk asteriskconf.Asterisk) *asteriskconf.ConfigDir {
	t.Helper()
	configDir, err := openConfigDir(s.ConfDir, s.AMIAddr, s.store, asterisk)
	require.NoError(t, err)
	return configDir
}

func openConfigDir(dir, address string, st manager.Store, asterisk asteriskconf.Asterisk) (*asteriskconf.ConfigDir, error) {
	opts, confOpts := &asteriskconf.Options{}, &manager.ConfSourceOptions{}
	if asterisk != nil {
		opts.Asterisk, confOpts.Address = asterisk, address
	}
	return asteriskconf.Open(dir, []asteriskconf.Source{manager.NewConfSource(st, confOpts)}, opts)
}

// accountNamed returns an account that may log in from this host.
func accountNamed(name string) *manager.Account {
	here, err := manager.NetworkFromPrefix(netip.MustParsePrefix("127.0.0.0/8"))
	if err != nil {
		panic(err)
	}
	return &manager.Account{
		Name: name, Secret: store.NewSecret("secret of " + name), Permit: []manager.Network{here},
		Read: manager.Call, Write: manager.Call | manager.Originate, AllowMultipleLogin: true,
	}
}

func (s *liveEnv) add(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		require.NoError(t, s.store.CreateAccount(testContext(t), accountNamed(name)))
	}
}

func (s *liveEnv) apply(t testing.TB) *asteriskconf.Report {
	t.Helper()
	report, err := s.configDir.Apply(testContext(t))
	require.NoError(t, err)
	return report
}

func (s *liveEnv) pending(t testing.TB) bool {
	t.Helper()
	pending, err := s.configDir.Pending(testContext(t))
	require.NoError(t, err)
	return pending
}

func (s *liveEnv) login(t testing.TB, name string) error {
	t.Helper()
	a := accountNamed(name)
	_, err := ami.CheckLogin(testContext(t), s.AMIAddr, &ami.Options{Username: name, Secret: a.Secret})
	return err
}

// accounts returns the accounts that Asterisk serves, without the
// administrator.
func (s *liveEnv) accounts(t testing.TB) []string {
	t.Helper()
	lines, err := s.client.Command(testContext(t), "manager show users")
	require.NoError(t, err)
	return accountNames(lines, s.AMIUser)
}

func accountNames(lines []string, exclude string) []string {
	names := []string{}
	for _, line := range lines {
		name := strings.TrimSpace(line)
		if name == "" || name == "username" || name == exclude || strings.HasPrefix(name, "---") || strings.Contains(name, "configured") {
			continue
		}
		names = append(names, name)
	}
	return names
}

func (s *liveEnv) read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.ConfDir, path))
	require.NoError(t, err)
	return string(content)
}

func (s *liveEnv) write(t testing.TB, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(s.ConfDir, path), []byte(content), 0o600))
}

// candidates returns the leftover candidates of an apply.
func (s *liveEnv) candidates(t testing.TB) []string {
	t.Helper()
	var candidates []string
	for _, pattern := range []string{".*.new", "*/.*.new"} {
		found, err := filepath.Glob(filepath.Join(s.ConfDir, pattern))
		require.NoError(t, err)
		candidates = append(candidates, found...)
	}
	return candidates
}

func TestConfigDir_Apply_activatesRecords(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha", "beta")
	require.True(t, s.pending(t))

	report := s.apply(t)
	require.True(t, report.Changed)
	require.True(t, report.Verified)
	require.Equal(t, "manager", report.Files[0].ReloadedModule)
	require.Equal(t, 2, report.Files[0].Added)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
	require.NoError(t, s.login(t, "alpha"))
	require.False(t, s.pending(t))
	require.Empty(t, s.candidates(t))

	again := s.apply(t)
	require.False(t, again.Changed, "an unchanged file is not reloaded")
	require.True(t, again.Verified)
	require.Equal(t, report.Generation, again.Generation)
}

func TestConfigDir_Apply_setsFileModes(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	info, err := os.Stat(filepath.Join(s.ConfDir, managedFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	state, err := os.Stat(filepath.Join(s.ConfDir, ".pbxusers"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), state.Mode().Perm())
}

func TestConfigDir_Plan_listsChangesWithoutSecrets(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha", "beta")
	s.apply(t)
	require.NoError(t, s.store.DeleteAccount(testContext(t), "beta"))
	s.add(t, "gamma")
	require.NoError(t, s.store.UpdateAccount(testContext(t), "alpha", func(a *manager.Account) error {
		a.Secret, a.Read = store.NewSecret("another secret"), manager.Call|manager.UserClass
		return nil
	}))
	plan, err := s.configDir.Plan(testContext(t))
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
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t), "a plan changes nothing")
	s.apply(t)
	plan, err = s.configDir.Plan(testContext(t))
	require.NoError(t, err)
	require.True(t, plan.Empty())
}

func TestConfigDir_Apply_offlineWritesFilesAndStaysPending(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	offline := s.open(t, nil)
	report, err := offline.Apply(testContext(t))
	require.NoError(t, err)
	require.False(t, report.Verified)
	require.Contains(t, s.read(t, managedFile), "[alpha]")
	require.Empty(t, s.accounts(t), "nothing was reloaded")
	require.True(t, s.pending(t))

	report = s.apply(t)
	require.True(t, report.Verified)
	require.Equal(t, []string{"alpha"}, s.accounts(t))
	require.False(t, s.pending(t))
}

func TestConfigDir_Rollback_togglesBetweenTwoGenerations(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	_, err := s.configDir.Rollback(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict, "there is no earlier generation")
	s.add(t, "alpha")
	s.apply(t)
	s.add(t, "beta")
	s.apply(t)

	report, err := s.configDir.Rollback(testContext(t))
	require.NoError(t, err)
	require.True(t, report.Verified)
	require.Equal(t, []string{"alpha"}, s.accounts(t))
	require.True(t, s.pending(t), "the records still hold the newer accounts")

	_, err = s.configDir.Rollback(testContext(t))
	require.NoError(t, err)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
	require.False(t, s.pending(t))
}

func TestConfigDir_Apply_backsUpManuallyEditedFile(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	edited := s.read(t, managedFile) + "[mallory]\nsecret = manual\n"
	s.write(t, managedFile, edited)
	require.True(t, s.pending(t))
	plan, err := s.configDir.Plan(testContext(t))
	require.NoError(t, err)
	require.True(t, plan.Files[0].ManuallyEdited)

	report := s.apply(t)
	backup, err := os.ReadFile(report.Files[0].BackupPath)
	require.NoError(t, err)
	require.Equal(t, edited, string(backup))
	require.Equal(t, []string{"alpha"}, s.accounts(t))
	require.NotContains(t, s.read(t, managedFile), "mallory")
}

func TestConfigDir_Apply_recreatesDeletedFile(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	require.NoError(t, os.Remove(filepath.Join(s.ConfDir, managedFile)))
	require.True(t, s.pending(t))
	require.True(t, s.apply(t).Changed)
	require.Equal(t, []string{"alpha"}, s.accounts(t))
}

func TestConfigDir_Apply_rejectsSyntaxErrorBeforeRename(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	before := s.read(t, managedFile)
	s.add(t, "beta")
	for _, edit := range []struct {
		name, file, content string
		line                int
	}{
		{"an unclosed header in a file before ours", "manager.d/crm.conf", "; our CRM\n[crm]\nsecret = x\n[unclosed\nsecret = y\n", 4},
		{"an unclosed header in a file after ours", "manager.d/zzz.conf", "[zzz\n", 1},
		{"a block comment that hides our file", "manager.d/crm.conf", "[crm]\nsecret = x\n;-- to be done\n", 3},
		{"a stray end of a comment", "manager.d/crm.conf", "[crm]\nsecret = a--;b\n", 2},
		{"an unknown template", "manager.d/crm.conf", "[crm](nobody)\n", 1},
		{"an include of nothing", "manager.d/crm.conf", "\n#include nothing.conf\n", 2},
		{"a key before any section", "manager.conf", "secret = x\n[general]\nenabled = yes\n#include \"manager.d/*.conf\"\n", 1},
	} {
		parent := s.read(t, "manager.conf")
		s.write(t, edit.file, edit.content)
		_, err := s.configDir.Apply(testContext(t))
		var broken *asteriskconf.SyntaxError
		require.ErrorAs(t, err, &broken, edit.name)
		require.Equal(t, edit.file, broken.Finding.File, edit.name)
		require.Equal(t, edit.line, broken.Finding.Line, edit.name)
		require.Contains(t, err.Error(), fmt.Sprintf("%s:%d:", edit.file, edit.line), edit.name)
		var failure *asteriskconf.ApplyError
		require.ErrorAs(t, err, &failure, edit.name)
		require.False(t, failure.Changed, edit.name)
		require.Equal(t, before, s.read(t, managedFile), edit.name)
		require.Empty(t, s.candidates(t), edit.name)
		require.True(t, s.pending(t), edit.name)
		require.NoError(t, os.Remove(filepath.Join(s.ConfDir, edit.file)))
		s.write(t, "manager.conf", parent)
	}
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
}

func TestConfigDir_Apply_rejectsDuplicateOfManualSection(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "crm")
	s.write(t, "manager.d/crm.conf", "[CRM]\nsecret = x\n")
	_, err := s.configDir.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Contains(t, err.Error(), "manager.d/crm.conf:1:")
	require.Empty(t, s.accounts(t))
}

func TestConfigDir_Apply_rejectsConcurrentApply(t *testing.T) {
	t.Parallel()
	reloading, goOn := make(chan struct{}), make(chan struct{})
	s := newLiveEnv(t, func(a asteriskconf.Asterisk) asteriskconf.Asterisk {
		return hookedAsterisk{Asterisk: a, beforeReload: func() { close(reloading); <-goOn }}
	})
	s.add(t, "alpha")
	done := make(chan error, 1)
	go func() {
		_, err := s.configDir.Apply(context.Background())
		done <- err
	}()
	<-reloading
	_, err := s.open(t, s.client).Apply(testContext(t))
	close(goOn)
	require.ErrorIs(t, err, store.ErrConflict)
	require.NoError(t, <-done)
}

// hookedAsterisk calls functions before and after each reload.
type hookedAsterisk struct {
	asteriskconf.Asterisk
	beforeReload func()
	afterReload  func()
}

func (h hookedAsterisk) Reload(ctx context.Context, module string) error {
	if h.beforeReload != nil {
		h.beforeReload()
	}
	err := h.Asterisk.Reload(ctx, module)
	if h.afterReload != nil {
		h.afterReload()
	}
	return err
}

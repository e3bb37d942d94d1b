package asteriskconf_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
)

func TestConfigDir_Apply_rollsBackOnMismatch(t *testing.T) { //nolint:tparallel // the cases share one Asterisk
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	const other = "[alpha]\nsecret = another secret\nread = all\nwrite = all\n"
	for _, sabotage := range []struct {
		name string
		// content replaces the new file just before the reload. restored
		// restores the new file right after it.
		content  func(string) string
		restored bool
	}{
		{"the file becomes invalid", func(s string) string { return s + "[unclosed\n" }, false},
		{"the file becomes empty", func(string) string { return "" }, false},
		{"an account gets another secret", func(s string) string { return strings.ReplaceAll(s, "secret of", "Secret of") }, false},
		{"a temporary block comment hides accounts", func(s string) string { return strings.Replace(s, "[beta]", ";-- [beta]", 1) }, true},
		{"the file was invalid while it was read", func(s string) string { return "[unclosed\n" + s }, true},
		{"an account had more rights while it was read", func(string) string { return other + "[beta]\nsecret = x\n" }, true},
		{"the secret differed while it was read", func(s string) string { return strings.ReplaceAll(s, "secret of beta", "Secret of beta") }, true},
	} {
		t.Run(sabotage.name, func(t *testing.T) {
			var armed, once sync.Once
			path := filepath.Join(s.ConfDir, managedFile)
			var good []byte
			saboteur := hookedAsterisk{
				Asterisk: s.client,
				beforeReload: func() {
					armed.Do(func() {
						good, _ = os.ReadFile(path)
						_ = os.WriteFile(path, []byte(sabotage.content(string(good))), 0o600)
					})
				},
				afterReload: func() {
					once.Do(func() {
						if sabotage.restored {
							_ = os.WriteFile(path, good, 0o600)
						}
					})
				},
			}
			before := s.read(t, managedFile)
			s.add(t, "beta")

			_, err := s.open(t, saboteur).Apply(testContext(t))
			var failure *asteriskconf.ApplyError
			require.ErrorAs(t, err, &failure)
			require.True(t, failure.Changed)
			require.NoError(t, failure.RollbackErr, "the rollback is verified")
			require.Equal(t, asteriskconf.StepVerify, failure.Step)
			require.ErrorAs(t, err, new(*asteriskconf.MismatchError))
			require.NotContains(t, err.Error(), "ecret of")

			require.Equal(t, before, s.read(t, managedFile))
			require.Equal(t, []string{"alpha"}, s.accounts(t))
			require.NoError(t, s.login(t, "alpha"))
			require.Empty(t, s.candidates(t))
			require.True(t, s.pending(t))
			s.apply(t)
			require.Equal(t, []string{"alpha", "beta"}, s.accounts(t), "the next apply succeeds")
			require.NoError(t, s.store.DeleteAccount(testContext(t), "beta"))
			s.apply(t)
		})
	}
}

func TestConfigDir_Apply_changesNothingWhenAsteriskIsDown(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	before := s.read(t, managedFile)
	s.add(t, "beta")
	s.Stop()
	client := shortClient(t, s)
	_, err := s.open(t, client).Apply(testContext(t))
	require.ErrorIs(t, err, ami.ErrDisconnected)
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, asteriskconf.StepConnect, failure.Step)
	require.Equal(t, before, s.read(t, managedFile))
	require.True(t, s.pending(t))
	s.Restart(t)
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
}

// shortClient is a client of a stopped Asterisk that does not wait for its
// return.
func shortClient(t *testing.T, s *liveEnv) *ami.Client {
	t.Helper()
	s.Restart(t)
	client, err := ami.Dial(testContext(t), s.AMIAddr, &ami.Options{
		Username: s.AMIUser, Secret: store.NewSecret(s.AMISecret), NoReconnect: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	s.Stop()
	<-client.Done()
	return client
}

func TestConfigDir_Apply_rollsBackOnDisconnect(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	before := s.read(t, managedFile)
	s.add(t, "beta")
	client, err := ami.Dial(testContext(t), s.AMIAddr, &ami.Options{
		Username: s.AMIUser, Secret: store.NewSecret(s.AMISecret), NoReconnect: true,
	})
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	_, err = s.open(t, hookedAsterisk{Asterisk: client, beforeReload: s.Kill}).Apply(testContext(t))
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, asteriskconf.StepReload, failure.Step)
	require.Error(t, failure.RollbackErr, "the rollback cannot be verified")
	require.Equal(t, before, s.read(t, managedFile), "the previous files are restored")
	status, err := s.configDir.Status(testContext(t))
	require.NoError(t, err)
	require.True(t, status.Interrupted)
	require.True(t, status.Pending)

	s.Restart(t)
	recovery, err := s.configDir.Recover(testContext(t))
	require.NoError(t, err)
	require.Equal(t, &asteriskconf.Recovery{Interrupted: true, Verified: true}, recovery)
	require.Equal(t, []string{"alpha"}, s.accounts(t))
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
}

func TestConfigDir_Apply_honorsContextWhenAsteriskHangs(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	before := s.read(t, managedFile)
	s.add(t, "beta")
	signal := func(sig syscall.Signal) { require.NoError(t, syscall.Kill(s.PID(), sig)) }

	signal(syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(testContext(t), 300*time.Millisecond)
	defer cancel()
	_, err := s.configDir.Apply(ctx)
	signal(syscall.SIGCONT)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, before, s.read(t, managedFile))
	require.True(t, s.pending(t))

	ctx, cancel = context.WithCancel(testContext(t))
	defer cancel()
	var once sync.Once
	hang := hookedAsterisk{Asterisk: s.client, beforeReload: func() {
		once.Do(func() {
			signal(syscall.SIGSTOP)
			cancel() // and Asterisk comes back while the apply goes back
			time.AfterFunc(200*time.Millisecond, func() { _ = syscall.Kill(s.PID(), syscall.SIGCONT) })
		})
	}}
	_, err = s.open(t, hang).Apply(ctx)
	require.ErrorIs(t, err, context.Canceled)
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.Equal(t, asteriskconf.StepReload, failure.Step)
	require.NoError(t, failure.RollbackErr, "the rollback is not interrupted")
	require.Equal(t, before, s.read(t, managedFile))
	require.Equal(t, []string{"alpha"}, s.accounts(t))
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(t))
}

func TestConfigDir_Apply_changesNothingWithoutPrivileges(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	weak := accountNamed("weak")
	require.NoError(t, s.store.CreateAccount(testContext(t), weak))
	s.apply(t)
	before := s.read(t, managedFile)
	client, err := ami.Dial(testContext(t), s.AMIAddr, &ami.Options{Username: weak.Name, Secret: weak.Secret})
	require.NoError(t, err)
	defer func() { _ = client.Close() }()
	s.add(t, "beta")
	_, err = s.open(t, client).Apply(testContext(t))
	require.ErrorIs(t, err, ami.ErrPermission)
	require.Equal(t, before, s.read(t, managedFile))
	require.True(t, s.pending(t))
	require.Empty(t, s.candidates(t))
}

// A session logs in under an unverified generation: an administrator reloads
// manually between two offline applies.
func TestConfigDir_Apply_endsSessionsOfUnverifiedGenerations(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	offline := s.open(t, nil)
	for _, rights := range []manager.Privileges{manager.AllPrivileges, manager.Call} {
		require.NoError(t, s.store.UpdateAccount(testContext(t), "alpha", func(a *manager.Account) error {
			a.Write = rights
			return nil
		}))
		_, err := offline.Apply(testContext(t))
		require.NoError(t, err)
		s.Console(t, "manager reload")
	}
	// Between the two applies it would have had all rights. Here it is enough
	// that the account once had more rights than now.
	session, err := ami.Dial(testContext(t), s.AMIAddr, &ami.Options{Username: "alpha", Secret: accountNamed("alpha").Secret, NoReconnect: true})
	require.NoError(t, err)
	defer func() { _ = session.Close() }()
	report := s.apply(t)
	require.Len(t, report.Files[0].Notes, 1)
	<-session.Done()
	require.False(t, s.apply(t).Changed, "unverified generations are pruned")
}

func TestConfigDir_Apply_rejectsReloadThatDisablesAMI(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "alpha")
	s.apply(t)
	before := s.read(t, managedFile)
	s.add(t, "beta")
	parent := s.read(t, "manager.conf")
	s.write(t, "manager.conf", strings.Replace(parent, "enabled = yes", "enabled = no", 1))
	_, err := s.configDir.Apply(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	require.Regexp(t, `manager\.conf:\d+: AMI is off`, err.Error())
	require.Equal(t, before, s.read(t, managedFile))
	require.Empty(t, s.candidates(t))
	s.write(t, "manager.conf", parent)
	s.apply(t)
	require.NoError(t, s.login(t, "beta"))
}

func TestConfigDir_Apply_endsSessionsOfReducedAccountsOnly(t *testing.T) {
	t.Parallel()
	s := newLiveEnv(t, nil)
	s.add(t, "narrowed", "rotated", "widened", "noted", "disabled")
	s.apply(t)
	sessions := map[string]*ami.Client{}
	for _, name := range []string{"narrowed", "rotated", "widened", "noted", "disabled"} {
		client, err := ami.Dial(testContext(t), s.AMIAddr, &ami.Options{
			Username: strings.ToUpper(name), Secret: accountNamed(name).Secret, NoReconnect: true,
		})
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		sessions[name] = client
	}
	for name, change := range map[string]func(*manager.Account){
		"narrowed": func(a *manager.Account) { a.Write = manager.Call },
		"rotated":  func(a *manager.Account) { a.Secret = store.NewSecret("another secret") },
		"widened":  func(a *manager.Account) { a.Read |= manager.UserClass },
		"noted":    func(a *manager.Account) { a.Note = "a note" },
		"disabled": func(a *manager.Account) { a.Disabled = true },
	} {
		require.NoError(t, s.store.UpdateAccount(testContext(t), name, func(a *manager.Account) error {
			change(a)
			return nil
		}))
	}
	report := s.apply(t)
	require.Len(t, report.Files[0].Notes, 3)
	for _, name := range []string{"narrowed", "rotated", "disabled"} {
		select {
		case <-sessions[name].Done():
		case <-time.After(20 * time.Second):
			require.FailNow(t, "an open session continues", name)
		}
	}
	for _, name := range []string{"widened", "noted"} {
		_, err := sessions[name].Do(testContext(t), ami.Action{Name: "Ping"})
		require.NoError(t, err, name)
	}
}

package asteriskconf_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager"
)

const manualEdit = "; my edit\n[mine]\nsecret = manual\n"

func TestConfigDir_Recover_rejectsJournalOfForeignFiles(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	outside := filepath.Join(t.TempDir(), "sudoers")
	require.NoError(t, os.WriteFile(outside, []byte("root only"), 0o600))
	way, err := filepath.Rel(s.dir, outside)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(s.path(".pbxusers", "rollback"), 0o700))
	s.write(t, ".pbxusers/rollback/"+fakeManagedFile, "asterisk ALL=NOPASSWD: ALL")
	parent := readFile(t, s.dir, "manager.conf")
	for _, path := range []string{way, outside, "manager.conf", "../" + fakeManagedFile} {
		s.write(t, ".pbxusers/journal.json", journalJSON("prepared", path))
		_, err := s.configDir.Recover(testContext(t))
		require.ErrorContains(t, err, "corrupt", path)
		require.Equal(t, "root only", readFile(t, outside))
		require.Equal(t, parent, readFile(t, s.dir, "manager.conf"))
	}
}

func journalJSON(phase, path string) string {
	return fmt.Sprintf(`{"phase":%q,"generation":1,"files":[{"name":%q,"path":%q,"existed":true}]}`, phase, fakeManagedFile, path)
}

func TestConfigDir_Apply_backsUpManualEditDuringApply(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]struct {
		step string
		arm  func(s *fakeEnv, edit func())
	}{
		"before the renames": {asteriskconf.StepWrite, func(s *fakeEnv, edit func()) { s.beforeRead = edit }},
		"before the reload":  {asteriskconf.StepVerify, func(s *fakeEnv, edit func()) { s.beforeReload = edit }},
		"after the reload":   {asteriskconf.StepVerify, func(s *fakeEnv, edit func()) { s.afterReload = edit }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFakeEnv(t, "alpha")
			before := readFile(t, s.path(fakeManagedFile))
			s.add(t, "beta")
			var once sync.Once
			window.arm(s, func() { once.Do(func() { s.write(t, fakeManagedFile, manualEdit) }) })

			failure := s.requireApplyError(t)
			require.Equal(t, window.step, failure.Step)
			require.ErrorContains(t, failure, "changed during the apply")
			require.ErrorContains(t, failure, "a backup is saved")
			require.NoError(t, failure.RollbackErr)
			require.Equal(t, []string{manualEdit}, s.backups(t))
			require.Equal(t, before, readFile(t, s.path(fakeManagedFile)))
			require.Equal(t, []string{"alpha"}, s.accounts())
			require.True(t, s.status(t).Pending)
			s.apply(t)
			require.Equal(t, []string{"alpha", "beta"}, s.accounts())
		})
	}
}

func TestConfigDir_Recover_backsUpManualEditAfterCrash(t *testing.T) {
	t.Parallel()
	for name, arm := range map[string]func(s *fakeEnv){
		"between the renames and the journal": func(s *fakeEnv) {
			asteriskconf.SetDiskHook(s.configDir, func(call, path string) error {
				if call == "fsync" && path == "." {
					runtime.Goexit()
				}
				return nil
			})
		},
		"before the reload": func(s *fakeEnv) { s.beforeReload = runtime.Goexit },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFakeEnv(t, "alpha")
			before := readFile(t, s.path(fakeManagedFile))
			s.add(t, "beta")
			arm(s)
			interruptApply(func() { _, _ = s.configDir.Apply(t.Context()) })
			s.beforeReload = nil
			require.Contains(t, readFile(t, s.path(fakeManagedFile)), "[beta]")
			s.write(t, fakeManagedFile, manualEdit)

			var log bytes.Buffer
			configDir, err := asteriskconf.Open(s.dir, []asteriskconf.Source{manager.NewConfSource(s.store, nil)},
				&asteriskconf.Options{Asterisk: s.fakeAsterisk, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			require.NoError(t, err)
			recovery, err := configDir.Recover(testContext(t))
			require.NoError(t, err)
			require.True(t, recovery.Interrupted)
			require.False(t, recovery.RolledForward)
			require.Equal(t, []string{manualEdit}, s.backups(t))
			require.Contains(t, log.String(), filepath.Join(s.dir, ".pbxusers", "backups", fakeManagedFile))
			require.Equal(t, before, readFile(t, s.path(fakeManagedFile)))
			require.Equal(t, []string{"alpha"}, s.accounts())
		})
	}
}

// interruptApply runs an apply that ends where runtime.Goexit is called.
func interruptApply(apply func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		apply()
	}()
	<-done
}

// blockStateWrites makes writes of the state fail, as a full disk does, also
// for root. The returned function ends that.
func (s *fakeEnv) blockStateWrites(t *testing.T) (unblock func()) {
	t.Helper()
	blocker := s.path(".pbxusers", ".state.json.new")
	require.NoError(t, os.MkdirAll(filepath.Join(blocker, "x"), 0o700))
	return func() { require.NoError(t, os.RemoveAll(blocker)) }
}

func TestConfigDir_Apply_keepsJournalWhenStateWriteFails(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.add(t, "beta")
	s.apply(t)
	s.add(t, "gamma")
	clearWay := func() {}
	s.afterReload = func() { clearWay = s.blockStateWrites(t) }
	_, err := s.configDir.Apply(testContext(t))
	require.Error(t, err)
	s.afterReload = nil
	status := s.status(t)
	require.True(t, status.Interrupted)
	require.True(t, status.Pending)
	clearWay()

	_, err = s.configDir.Rollback(testContext(t))
	require.NoError(t, err)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts(), "the interrupted apply was completed first, and then rolled back")
}

func TestConfigDir_Apply_keepsJournalWhenRollbackStateWriteFails(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.updateAlpha(t, func(a *manager.Account) { a.Write = manager.AllPrivileges })
	unblock := func() {}
	s.beforeReload = func() { // the first one takes effect, the second one, on the way back, does not
		s.beforeReload = func() {
			s.ignoresReload = true
			unblock = s.blockStateWrites(t)
		}
	}
	s.afterReload = func() {
		s.live = append(s.live, dialect.Section{Name: "alpha"})
		s.live = s.live[len(s.live)-1:] // and Asterisk serves something else
		s.afterReload = nil
	}
	require.Error(t, s.requireApplyError(t).RollbackErr)
	status := s.status(t)
	require.True(t, status.Interrupted)
	require.True(t, status.Pending)
	unblock()
	s.beforeReload, s.ignoresReload = nil, false

	recovery, err := s.configDir.Recover(testContext(t))
	require.NoError(t, err)
	require.Equal(t, &asteriskconf.Recovery{Interrupted: true, Verified: true}, recovery)
	s.apply(t)
	require.False(t, s.status(t).Pending)
}

func TestConfigDir_Status_runningApplyIsNotInterrupted(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.add(t, "beta")
	var during *asteriskconf.Status
	s.beforeReload = func() {
		status, err := s.open(t, s.fakeAsterisk).Status(testContext(t))
		require.NoError(t, err)
		during = status
	}
	s.apply(t)
	require.True(t, during.Pending)
	require.False(t, during.Interrupted)

	s.add(t, "gamma")
	s.beforeReload = runtime.Goexit
	interruptApply(func() { _, _ = s.configDir.Apply(t.Context()) })
	require.True(t, s.status(t).Interrupted)
}

func TestConfigDir_Apply_reportsCorruptStateAndRecreatesMissingState(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	for _, corrupt := range []string{"", "{", "[]", `{"live":"one"}`} {
		s.write(t, ".pbxusers/state.json", corrupt)
		for _, act := range []func() error{
			func() error { _, err := s.configDir.Status(testContext(t)); return err },
			func() error { _, err := s.configDir.Apply(testContext(t)); return err },
		} {
			require.ErrorContains(t, act(), ".pbxusers/state.json is corrupt; remove it and apply again", corrupt)
		}
	}
	for _, poor := range []string{"{}", "null", `{"live":7,"newest":7}`} {
		s.write(t, ".pbxusers/state.json", poor)
		require.True(t, s.status(t).Pending, poor)
		s.apply(t)
		require.False(t, s.status(t).Pending, poor)
	}
	require.NoError(t, os.Remove(s.path(".pbxusers", "state.json")))
	require.True(t, s.status(t).Pending)
	s.apply(t)
}

func TestConfigDir_Recover_reportsCorruptJournal(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	before := readFile(t, s.path(fakeManagedFile))
	for journal, want := range map[string]string{
		"":  "journal.json is corrupt",
		"{": "journal.json is corrupt",
		journalJSON("prepared", "../"+fakeManagedFile):                        "names a file that this program does not own",
		journalJSON("prepared", fakeManagedFile):                              "the copy of " + fakeManagedFile + " is missing",
		strings.ReplaceAll(journalJSON("renamed", "x"), fakeManagedFile, "x"): "which this program does not manage",
	} {
		s.write(t, ".pbxusers/journal.json", journal)
		_, err := s.configDir.Recover(testContext(t))
		require.ErrorContains(t, err, want)
		_, err = s.configDir.Apply(testContext(t))
		require.ErrorContains(t, err, want)
		require.Equal(t, before, readFile(t, s.path(fakeManagedFile)))
	}
	require.NoError(t, os.Remove(s.path(".pbxusers", "journal.json")))
	require.False(t, s.status(t).Pending)
}

func TestConfigDir_Recover_rollsBackWhenNewGenerationIsMissing(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.add(t, "beta")
	s.beforeReload = runtime.Goexit
	interruptApply(func() { _, _ = s.configDir.Apply(t.Context()) })
	s.beforeReload = nil
	require.NoError(t, os.RemoveAll(s.path(".pbxusers", "generations", "2")))
	recovery, err := s.configDir.Recover(testContext(t))
	require.NoError(t, err)
	require.False(t, recovery.RolledForward)
	require.True(t, recovery.Verified)
	require.NotEmpty(t, recovery.Reason)
	require.Equal(t, []string{"alpha"}, s.accounts())
}

func TestConfigDir_Recover_keepsNewGenerationWhenRevocationFails(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha", "beta")
	require.NoError(t, s.store.DeleteAccount(testContext(t), "beta"))
	s.beforeReload = runtime.Goexit
	interruptApply(func() { _, _ = s.configDir.Apply(t.Context()) })
	s.beforeReload = nil
	s.sessionsErr = &asteriskconf.RejectedError{Action: "command", Reason: "not now"}
	_, err := s.configDir.Recover(testContext(t))
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.True(t, failure.RevocationPending)
	require.Equal(t, []string{"alpha"}, s.accounts())
	require.True(t, s.status(t).Pending)
	require.False(t, s.status(t).Interrupted)

	require.Equal(t, asteriskconf.StepRevoke, s.requireApplyError(t).Step, "the revocation is still pending")
	s.sessionsErr = nil
	s.apply(t)
	require.False(t, s.status(t).Pending)
}

func TestConfigDir_Apply_limitsWaitForCrashedAsterisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFakeEnv(t, "alpha")
		before := readFile(t, s.path(fakeManagedFile))
		s.add(t, "beta")
		s.afterReload = func() { s.crashed = true }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.configDir.Apply(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(start), 20*time.Second)
		require.Equal(t, before, readFile(t, s.path(fakeManagedFile)), "the previous files are restored")
		require.True(t, s.status(t).Interrupted)

		s.crashed, s.afterReload = false, nil
		recovery, err := s.configDir.Recover(testContext(t))
		require.NoError(t, err)
		require.True(t, recovery.Verified)
		s.apply(t)
		require.Equal(t, []string{"alpha", "beta"}, s.accounts())
	})
}

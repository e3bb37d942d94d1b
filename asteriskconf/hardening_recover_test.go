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
	"github.com/pbxusers/pbxusers/manager"
)

const handEdit = "; my edit\n[mine]\nsecret = by hand\n"

func TestRecover_refusesAJournalOfFilesThatAreNotOurs(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	outside := filepath.Join(t.TempDir(), "sudoers")
	require.NoError(t, os.WriteFile(outside, []byte("root only"), 0o600))
	way, err := filepath.Rel(s.dir, outside)
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(s.path(".pbxusers", "undo"), 0o700))
	s.write(t, ".pbxusers/undo/"+stubOurs, "asterisk ALL=NOPASSWD: ALL")
	parent := contentOf(t, s.dir, "manager.conf")
	for _, path := range []string{way, outside, "manager.conf", "../" + stubOurs} {
		s.write(t, ".pbxusers/journal.json", journalOf("prepared", path))
		_, err := s.folder.Recover(within(t))
		require.ErrorContains(t, err, "damaged", path)
		require.Equal(t, "root only", contentOf(t, outside))
		require.Equal(t, parent, contentOf(t, s.dir, "manager.conf"))
	}
}

func journalOf(phase, path string) string {
	return fmt.Sprintf(`{"phase":%q,"generation":1,"files":[{"name":%q,"path":%q,"existed":true}]}`, phase, stubOurs, path)
}

func TestAHandEditDuringAnApplyIsKeptAsACopy(t *testing.T) {
	t.Parallel()
	for name, window := range map[string]struct {
		step string
		arm  func(s *stubSite, edit func())
	}{
		"before the renames": {asteriskconf.StepWrite, func(s *stubSite, edit func()) { s.beforeRead = edit }},
		"before the reload":  {asteriskconf.StepVerify, func(s *stubSite, edit func()) { s.reload = edit }},
		"after the reload":   {asteriskconf.StepVerify, func(s *stubSite, edit func()) { s.after = edit }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStubSite(t, "alpha")
			before := contentOf(t, s.path(stubOurs))
			s.add(t, "beta")
			var once sync.Once
			window.arm(s, func() { once.Do(func() { s.write(t, stubOurs, handEdit) }) })

			failure := s.refused(t)
			require.Equal(t, window.step, failure.Step)
			require.ErrorContains(t, failure, "somebody changed")
			require.ErrorContains(t, failure, "a copy is kept")
			require.NoError(t, failure.Undo)
			require.Equal(t, []string{handEdit}, s.kept(t))
			require.Equal(t, before, contentOf(t, s.path(stubOurs)))
			require.Equal(t, []string{"alpha"}, s.users())
			require.True(t, s.status(t).Pending)
			s.apply(t)
			require.Equal(t, []string{"alpha", "beta"}, s.users())
		})
	}
}

func TestAHandEditAfterAnApplyWasKilledIsKeptAsACopy(t *testing.T) {
	t.Parallel()
	for name, arm := range map[string]func(s *stubSite){
		"between the renames and their note": func(s *stubSite) {
			asteriskconf.OnDisk(s.folder, func(call, path string) {
				if call == "fsync" && path == "." {
					runtime.Goexit()
				}
			})
		},
		"before the reload": func(s *stubSite) { s.reload = runtime.Goexit },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStubSite(t, "alpha")
			before := contentOf(t, s.path(stubOurs))
			s.add(t, "beta")
			arm(s)
			cutShort(func() { _, _ = s.folder.Apply(t.Context()) })
			s.reload = nil
			require.Contains(t, contentOf(t, s.path(stubOurs)), "[beta]")
			s.write(t, stubOurs, handEdit)

			var log bytes.Buffer
			folder, err := asteriskconf.Open(s.dir, []asteriskconf.Source{manager.NewSource(s.store, nil)},
				&asteriskconf.Options{Asterisk: s.stub, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			require.NoError(t, err)
			recovery, err := folder.Recover(within(t))
			require.NoError(t, err)
			require.True(t, recovery.Interrupted)
			require.False(t, recovery.Forward)
			require.Equal(t, []string{handEdit}, s.kept(t))
			require.Contains(t, log.String(), filepath.Join(s.dir, ".pbxusers", "kept", stubOurs))
			require.Equal(t, before, contentOf(t, s.path(stubOurs)))
			require.Equal(t, []string{"alpha"}, s.users())
		})
	}
}

// cutShort runs an apply that ends where runtime.Goexit is called.
func cutShort(apply func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		apply()
	}()
	<-done
}

// obstruct keeps the state from being written, as a full disk does, also for
// root; the function that it returns ends that.
func (s *stubSite) obstruct(t *testing.T) (clearWay func()) {
	t.Helper()
	inTheWay := s.path(".pbxusers", ".state.json.new")
	require.NoError(t, os.MkdirAll(filepath.Join(inTheWay, "x"), 0o700))
	return func() { require.NoError(t, os.RemoveAll(inTheWay)) }
}

func TestStateThatCannotBeWrittenKeepsTheJournal_andTheWayBack(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.add(t, "beta")
	s.apply(t)
	s.add(t, "gamma")
	clearWay := func() {}
	s.after = func() { clearWay = s.obstruct(t) }
	_, err := s.folder.Apply(within(t))
	require.Error(t, err)
	s.after = nil
	status := s.status(t)
	require.True(t, status.Interrupted)
	require.True(t, status.Pending)
	clearWay()

	_, err = s.folder.Rollback(within(t))
	require.NoError(t, err)
	require.Equal(t, []string{"alpha", "beta"}, s.users(), "the interrupted apply was completed first, and then taken back")
}

func TestAnUndoThatCannotNoteWhatItLeftKeepsTheJournal(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.updateAlpha(t, func(u *manager.User) { u.Write = manager.AllPrivileges })
	clearWay := func() {}
	s.reload = func() { // the first one takes effect, the second one, on the way back, does not
		s.reload = func() {
			s.deaf = true
			clearWay = s.obstruct(t)
		}
	}
	s.after = func() {
		s.live = append(s.live, asteriskconf.Section{Name: "alpha"})
		s.live = s.live[len(s.live)-1:] // and Asterisk serves something else
		s.after = nil
	}
	require.Error(t, s.refused(t).Undo)
	status := s.status(t)
	require.True(t, status.Interrupted)
	require.True(t, status.Pending)
	clearWay()
	s.reload, s.deaf = nil, false

	recovery, err := s.folder.Recover(within(t))
	require.NoError(t, err)
	require.Equal(t, &asteriskconf.Recovery{Interrupted: true, Verified: true}, recovery)
	s.apply(t)
	require.False(t, s.status(t).Pending)
}

func TestStatus_doesNotTakeAnApplyAtWorkForOneThatWasCutShort(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.add(t, "beta")
	var during *asteriskconf.Status
	s.reload = func() {
		status, err := s.open(t, s.stub).Status(within(t))
		require.NoError(t, err)
		during = status
	}
	s.apply(t)
	require.True(t, during.Pending)
	require.False(t, during.Interrupted)

	s.add(t, "gamma")
	s.reload = runtime.Goexit
	cutShort(func() { _, _ = s.folder.Apply(t.Context()) })
	require.True(t, s.status(t).Interrupted)
}

func TestDamagedStateIsNamed_andStateThatIsGoneIsMadeAgain(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	for _, damaged := range []string{"", "{", "[]", `{"live":"one"}`} {
		s.write(t, ".pbxusers/state.json", damaged)
		for _, act := range []func() error{
			func() error { _, err := s.folder.Status(within(t)); return err },
			func() error { _, err := s.folder.Apply(within(t)); return err },
		} {
			require.ErrorContains(t, act(), ".pbxusers/state.json is damaged; remove it and apply again", damaged)
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

func TestADamagedJournalIsNamed_andChangesNothing(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	before := contentOf(t, s.path(stubOurs))
	for journal, want := range map[string]string{
		"":                                    "journal.json is damaged",
		"{":                                   "journal.json is damaged",
		journalOf("prepared", "../"+stubOurs): "names a file that is not ours",
		journalOf("prepared", stubOurs):       "the copy of " + stubOurs + " that the journal needs is gone",
		strings.ReplaceAll(journalOf("renamed", "x"), stubOurs, "x"): "does not know that file",
	} {
		s.write(t, ".pbxusers/journal.json", journal)
		_, err := s.folder.Recover(within(t))
		require.ErrorContains(t, err, want)
		_, err = s.folder.Apply(within(t))
		require.ErrorContains(t, err, want)
		require.Equal(t, before, contentOf(t, s.path(stubOurs)))
	}
	require.NoError(t, os.Remove(s.path(".pbxusers", "journal.json")))
	require.False(t, s.status(t).Pending)
}

func TestRecover_goesBackWhenTheNewGenerationIsGone(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.add(t, "beta")
	s.reload = runtime.Goexit
	cutShort(func() { _, _ = s.folder.Apply(t.Context()) })
	s.reload = nil
	require.NoError(t, os.RemoveAll(s.path(".pbxusers", "generations", "2")))
	recovery, err := s.folder.Recover(within(t))
	require.NoError(t, err)
	require.False(t, recovery.Forward)
	require.True(t, recovery.Verified)
	require.NotEmpty(t, recovery.Reason)
	require.Equal(t, []string{"alpha"}, s.users())
}

func TestRecover_keepsTheNewGenerationWhenARevocationFails(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha", "beta")
	require.NoError(t, s.store.DeleteUser(within(t), "beta"))
	s.reload = runtime.Goexit
	cutShort(func() { _, _ = s.folder.Apply(t.Context()) })
	s.reload = nil
	s.sessions = &asteriskconf.RejectedError{Act: "command", Reason: "not now"}
	_, err := s.folder.Recover(within(t))
	var failure *asteriskconf.ApplyError
	require.ErrorAs(t, err, &failure)
	require.True(t, failure.Kept)
	require.Equal(t, []string{"alpha"}, s.users())
	require.True(t, s.status(t).Pending)
	require.False(t, s.status(t).Interrupted)

	require.Equal(t, asteriskconf.StepRevoke, s.refused(t).Step, "what is left to revoke is not forgotten")
	s.sessions = nil
	s.apply(t)
	require.False(t, s.status(t).Pending)
}

func TestApply_doesNotWaitLongForAnAsteriskThatCrashed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStubSite(t, "alpha")
		before := contentOf(t, s.path(stubOurs))
		s.add(t, "beta")
		s.after = func() { s.lost = true }
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err := s.folder.Apply(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(start), 20*time.Second)
		require.Equal(t, before, contentOf(t, s.path(stubOurs)), "the files are those of before")
		require.True(t, s.status(t).Interrupted)

		s.lost, s.after = false, nil
		recovery, err := s.folder.Recover(within(t))
		require.NoError(t, err)
		require.True(t, recovery.Verified)
		s.apply(t)
		require.Equal(t, []string{"alpha", "beta"}, s.users())
	})
}

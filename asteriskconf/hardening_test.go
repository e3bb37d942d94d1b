package asteriskconf_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// The folder often belongs to the user of Asterisk, and root applies in it:
// what that user puts there must not make root write, read out or give away a
// file elsewhere.
func TestNoLinkLeadsAnApplyOutOfTheFolder(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]struct {
		// at is where the link stands, and to what it points below outside.
		at, to string
	}{
		"lock":      {".pbxusers/lock", "victim"},
		"state":     {".pbxusers/state.json", "victim"},
		"our file":  {stubOurs, "victim"},
		"candidate": {"." + stubOurs + ".new", "victim"},
		"our state": {".pbxusers", "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStubSite(t, "alpha")
			s.add(t, "beta")
			outside := t.TempDir()
			victim := filepath.Join(outside, "victim")
			require.NoError(t, os.WriteFile(victim, []byte("root only"), 0o400))
			before := changeOf(t, victim)
			require.NoError(t, os.RemoveAll(s.path(link.at)))
			require.NoError(t, os.Symlink(filepath.Join(outside, link.to), s.path(link.at)))

			_, err := s.folder.Apply(within(t))
			if name != "candidate" {
				require.Error(t, err)
			}
			require.Equal(t, "root only", contentOf(t, victim))
			require.Equal(t, before, changeOf(t, victim), "neither its mode nor its owner was set")
			entries, err := os.ReadDir(outside)
			require.NoError(t, err)
			require.Len(t, entries, 1)
			for _, kept := range s.kept(t) {
				require.NotContains(t, kept, "root only")
			}
		})
	}
}

// changeOf is when the file's content, mode or owner last changed.
func changeOf(t *testing.T, path string) unix.Timespec {
	t.Helper()
	var stat unix.Stat_t
	require.NoError(t, unix.Stat(path, &stat))
	return stat.Ctim
}

func TestApply_refusesWhatIsNoFileOfSensibleSize(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"a FIFO":   func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"a huge file": func(path string) error {
			return errors.Join(os.WriteFile(path, nil, 0o600), os.Truncate(path, 600<<20))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStubSite(t, "alpha")
			require.NoError(t, os.Remove(s.path(stubOurs)))
			require.NoError(t, put(s.path(stubOurs)))
			require.ErrorContains(t, s.refused(t), stubOurs+" is not a regular file of sensible size")
			_, err := s.folder.Status(within(t))
			require.ErrorContains(t, err, "sensible size")
			require.Equal(t, []string{"alpha"}, s.users())
		})
	}
}

func TestApply_seesThatAReloadOfWhatWasWrittenOfflineHadNoEffect(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.updateAlpha(t, func(u *manager.User) { u.Read, u.Write = 0, 0 })
	report, err := s.open(t, nil).Apply(within(t))
	require.NoError(t, err)
	require.False(t, report.Verified)
	written := contentOf(t, s.path(stubOurs))

	s.deaf = true
	failure := s.refused(t)
	require.Equal(t, asteriskconf.StepVerify, failure.Step)
	require.ErrorAs(t, failure, new(*asteriskconf.MismatchError))
	require.False(t, failure.Changed)
	require.Equal(t, written, contentOf(t, s.path(stubOurs)))
	require.True(t, s.status(t).Pending)

	s.deaf = false
	s.apply(t)
	require.False(t, s.status(t).Pending)
}

func TestApply_leavesWhatWasWrittenOfflineAsItIsWhenAsteriskDoesNotTakeIt(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.add(t, "beta")
	_, err := s.open(t, nil).Apply(within(t))
	require.NoError(t, err)
	s.deaf = true
	for range 2 {
		failure := s.refused(t)
		require.False(t, failure.Changed)
		require.ErrorContains(t, failure, "nothing was changed")
		require.Contains(t, contentOf(t, s.path(stubOurs)), "[beta]")
		status := s.status(t)
		require.True(t, status.Pending)
		require.False(t, status.Interrupted)
	}
}

func TestApply_seesThatTheParentBrokeAtTheReload(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	before := contentOf(t, s.path(stubOurs))
	parent := contentOf(t, s.path("manager.conf"))
	s.updateAlpha(t, func(u *manager.User) { u.WriteTimeout = 5000 }) // which Asterisk shows nobody
	s.reload = func() { s.write(t, "manager.conf", parent+"[broken\n") }
	failure := s.refused(t)
	require.Equal(t, asteriskconf.StepVerify, failure.Step)
	require.ErrorContains(t, failure, "manager.conf:5:")
	require.Equal(t, before, contentOf(t, s.path(stubOurs)))
	require.True(t, s.status(t).Pending)

	s.reload = nil
	s.write(t, "manager.conf", parent)
	s.apply(t)
}

func TestAnAccountWrittenByHandAfterTheApplyIsPendingAndRefused(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	require.False(t, s.status(t).Pending)
	s.write(t, "manager.conf", contentOf(t, s.path("manager.conf"))+"[ALPHA]\nsecret = by hand\nread = all\n")
	require.True(t, s.status(t).Pending)
	_, err := s.folder.Plan(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	failure := s.refused(t)
	require.ErrorIs(t, failure, store.ErrConflict)
	require.ErrorContains(t, failure, "manager.conf:5:")
	require.False(t, failure.Changed)
}

func TestStatus_rendersForTheAsteriskOfTheLastApply(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.updateAlpha(t, func(u *manager.User) {
		u.EventFilters = []manager.EventFilter{{Action: manager.Include, Event: "Hangup", Method: manager.MatchNone}}
	})
	old := asteriskconf.Version{Major: 18, Minor: 10} // where filters are written otherwise
	sources := []asteriskconf.Source{manager.NewSource(s.store, nil)}
	offline, err := asteriskconf.Open(s.dir, sources, &asteriskconf.Options{Version: old})
	require.NoError(t, err)
	_, err = offline.Apply(within(t))
	require.NoError(t, err)
	forOld := contentOf(t, s.path(stubOurs))

	online, err := asteriskconf.Open(s.dir, sources, &asteriskconf.Options{Asterisk: s.stub, Version: old})
	require.NoError(t, err)
	_, err = online.Apply(within(t))
	require.NoError(t, err)
	require.NotEqual(t, forOld, contentOf(t, s.path(stubOurs)))
	pending, err := online.Pending(within(t))
	require.NoError(t, err)
	require.False(t, pending, "the running Asterisk outweighs the option")
}

func TestApply_worksInAFolderOfAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a[b", "a[1]b", "a*b", "a?b", "a b", "a{b", "a{b,c}", `a\b`, "ü"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.Mkdir(dir, 0o700))
			s := stubSiteIn(t, dir, "alpha")
			require.Equal(t, []string{"alpha"}, s.users())
			require.False(t, s.status(t).Pending)
		})
	}
}

func TestApply_refusesAFileThatIncludesItselfManyTimes(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	s.write(t, "manager.conf", goodGeneral+strings.Repeat("#include manager.conf\n", 300))
	_, err := s.folder.Apply(within(t))
	require.ErrorAs(t, err, new(*asteriskconf.BrokenFileError))
	require.Equal(t, []string{"alpha"}, s.users())
}

func TestPlan_showsNothingOfWhatAPersonWroteUnderAKeyOfTheirs(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	before := contentOf(t, s.path(stubOurs))
	s.write(t, stubOurs, before+"Secret = LEAK1\nsecret => LEAK2\nsecret += LEAK3\nsecert = LEAK4\n secret\t= LEAK5\nread = all\n")
	plan, err := s.folder.Plan(within(t))
	require.NoError(t, err)
	require.True(t, plan.Files[0].EditedByHand)
	require.Contains(t, plan.String(), "- secert = [redacted]\n")
	require.Contains(t, plan.String(), "- read = all\n")
	require.NotContains(t, plan.String(), "LEAK")
	encoded, err := json.Marshal(plan)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "LEAK")

	s.write(t, stubOurs, before)
	for _, parent := range []string{"[general]\nsecret LEAK6\n[adm\nsecret = LEAK7\n", "[general]\n[adm](LEAK8\nsecret = LEAK9\n"} {
		s.write(t, "manager.conf", parent+"#tryinclude "+stubOurs+"\n")
		_, err = s.folder.Plan(within(t))
		require.ErrorAs(t, err, new(*asteriskconf.BrokenFileError))
		require.NotContains(t, err.Error(), "LEAK")
	}
}

func TestAnIncludeThatIsAddedLaterDoesNotMoveOurFile(t *testing.T) {
	t.Parallel()
	s := newStubSite(t, "alpha")
	require.NoError(t, os.Mkdir(s.path("manager.d"), 0o700))
	s.write(t, "manager.d/README.conf", "; nothing\n")
	s.write(t, "manager.conf", goodGeneral+"#include \"manager.d/*.conf\"\n#tryinclude "+stubOurs+"\n")
	require.False(t, s.status(t).Pending)
	require.False(t, s.apply(t).Changed)
	s.add(t, "beta")
	require.Equal(t, stubOurs, s.apply(t).Files[0].Path)
	require.Equal(t, []string{"alpha", "beta"}, s.users())
}

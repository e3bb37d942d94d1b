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

// The folder often belongs to the user of Asterisk, and root applies in it.
// That user must not be able to make root write, read or chown a file
// elsewhere.
func TestConfigDir_Apply_doesNotFollowSymlinksOutside(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]struct {
		// at is the path of the symlink, and to is its target below outside.
		at, to string
	}{
		"lock":      {".pbxusers/lock", "victim"},
		"state":     {".pbxusers/state.json", "victim"},
		"our file":  {fakeManagedFile, "victim"},
		"candidate": {"." + fakeManagedFile + ".new", "victim"},
		"our state": {".pbxusers", "."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFakeEnv(t, "alpha")
			s.add(t, "beta")
			outside := t.TempDir()
			victim := filepath.Join(outside, "victim")
			require.NoError(t, os.WriteFile(victim, []byte("root only"), 0o400))
			before := changeTime(t, victim)
			require.NoError(t, os.RemoveAll(s.path(link.at)))
			require.NoError(t, os.Symlink(filepath.Join(outside, link.to), s.path(link.at)))

			_, err := s.configDir.Apply(testContext(t))
			if name != "candidate" {
				require.Error(t, err)
			}
			require.Equal(t, "root only", readFile(t, victim))
			require.Equal(t, before, changeTime(t, victim), "mode and owner must not change")
			entries, err := os.ReadDir(outside)
			require.NoError(t, err)
			require.Len(t, entries, 1)
			for _, backups := range s.backups(t) {
				require.NotContains(t, backups, "root only")
			}
		})
	}
}

// changeTime is the last change of the file's content, mode or owner.
func changeTime(t *testing.T, path string) unix.Timespec {
	t.Helper()
	var stat unix.Stat_t
	require.NoError(t, unix.Stat(path, &stat))
	return stat.Ctim
}

func TestConfigDir_Apply_rejectsIrregularOrOversizedFile(t *testing.T) {
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
			s := newFakeEnv(t, "alpha")
			require.NoError(t, os.Remove(s.path(fakeManagedFile)))
			require.NoError(t, put(s.path(fakeManagedFile)))
			require.ErrorContains(t, s.requireApplyError(t), fakeManagedFile+" is not a regular file or is too large")
			_, err := s.configDir.Status(testContext(t))
			require.ErrorContains(t, err, "too large")
			require.Equal(t, []string{"alpha"}, s.accounts())
		})
	}
}

func TestConfigDir_Apply_detectsIneffectiveReloadAfterOfflineApply(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.updateAlpha(t, func(a *manager.Account) { a.Read, a.Write = 0, 0 })
	report, err := s.open(t, nil).Apply(testContext(t))
	require.NoError(t, err)
	require.False(t, report.Verified)
	written := readFile(t, s.path(fakeManagedFile))

	s.ignoresReload = true
	failure := s.requireApplyError(t)
	require.Equal(t, asteriskconf.StepVerify, failure.Step)
	require.ErrorAs(t, failure, new(*asteriskconf.MismatchError))
	require.False(t, failure.Changed)
	require.Equal(t, written, readFile(t, s.path(fakeManagedFile)))
	require.True(t, s.status(t).Pending)

	s.ignoresReload = false
	s.apply(t)
	require.False(t, s.status(t).Pending)
}

func TestConfigDir_Apply_keepsOfflineFilesWhenAsteriskRejectsThem(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.add(t, "beta")
	_, err := s.open(t, nil).Apply(testContext(t))
	require.NoError(t, err)
	s.ignoresReload = true
	for range 2 {
		failure := s.requireApplyError(t)
		require.False(t, failure.Changed)
		require.ErrorContains(t, failure, "nothing was changed")
		require.Contains(t, readFile(t, s.path(fakeManagedFile)), "[beta]")
		status := s.status(t)
		require.True(t, status.Pending)
		require.False(t, status.Interrupted)
	}
}

func TestConfigDir_Apply_detectsParentSyntaxErrorAtReload(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	before := readFile(t, s.path(fakeManagedFile))
	parent := readFile(t, s.path("manager.conf"))
	s.updateAlpha(t, func(a *manager.Account) { a.WriteTimeout = 5000 }) // Asterisk does not show it
	s.beforeReload = func() { s.write(t, "manager.conf", parent+"[broken\n") }
	failure := s.requireApplyError(t)
	require.Equal(t, asteriskconf.StepVerify, failure.Step)
	require.ErrorContains(t, failure, "manager.conf:5:")
	require.Equal(t, before, readFile(t, s.path(fakeManagedFile)))
	require.True(t, s.status(t).Pending)

	s.beforeReload = nil
	s.write(t, "manager.conf", parent)
	s.apply(t)
}

func TestConfigDir_Status_pendingOnDuplicateManualSection(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	require.False(t, s.status(t).Pending)
	s.write(t, "manager.conf", readFile(t, s.path("manager.conf"))+"[ALPHA]\nsecret = manual\nread = all\n")
	require.True(t, s.status(t).Pending)
	_, err := s.configDir.Plan(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	failure := s.requireApplyError(t)
	require.ErrorIs(t, failure, store.ErrConflict)
	require.ErrorContains(t, failure, "manager.conf:5:")
	require.False(t, failure.Changed)
}

func TestConfigDir_Status_rendersForLastAppliedVersion(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.updateAlpha(t, func(a *manager.Account) {
		a.EventFilters = []manager.EventFilter{{Action: manager.Include, Event: "Hangup", Method: manager.MatchNone}}
	})
	old := asteriskconf.Version{Major: 18, Minor: 10} // where filters are written otherwise
	sources := []asteriskconf.Source{manager.NewConfSource(s.store, nil)}
	offline, err := asteriskconf.Open(s.dir, sources, &asteriskconf.Options{Version: old})
	require.NoError(t, err)
	_, err = offline.Apply(testContext(t))
	require.NoError(t, err)
	forOld := readFile(t, s.path(fakeManagedFile))

	online, err := asteriskconf.Open(s.dir, sources, &asteriskconf.Options{Asterisk: s.fakeAsterisk, Version: old})
	require.NoError(t, err)
	_, err = online.Apply(testContext(t))
	require.NoError(t, err)
	require.NotEqual(t, forOld, readFile(t, s.path(fakeManagedFile)))
	pending, err := online.Pending(testContext(t))
	require.NoError(t, err)
	require.False(t, pending, "the version of the running Asterisk takes precedence")
}

func TestConfigDir_Apply_supportsAnyDirectoryName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a[b", "a[1]b", "a*b", "a?b", "a b", "a{b", "a{b,c}", `a\b`, "ü"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			require.NoError(t, os.Mkdir(dir, 0o700))
			s := newFakeEnvIn(t, dir, "alpha")
			require.Equal(t, []string{"alpha"}, s.accounts())
			require.False(t, s.status(t).Pending)
		})
	}
}

func TestConfigDir_Apply_rejectsRecursiveInclude(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	s.write(t, "manager.conf", validGeneral+strings.Repeat("#include manager.conf\n", 300))
	_, err := s.configDir.Apply(testContext(t))
	require.ErrorAs(t, err, new(*asteriskconf.SyntaxError))
	require.Equal(t, []string{"alpha"}, s.accounts())
}

func TestConfigDir_Plan_masksValuesOfUnknownKeys(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	before := readFile(t, s.path(fakeManagedFile))
	s.write(t, fakeManagedFile, before+"Secret = LEAK1\nsecret => LEAK2\nsecret += LEAK3\nsecert = LEAK4\n secret\t= LEAK5\nread = all\n")
	plan, err := s.configDir.Plan(testContext(t))
	require.NoError(t, err)
	require.True(t, plan.Files[0].ManuallyEdited)
	require.Contains(t, plan.String(), "- secert = [redacted]\n")
	require.Contains(t, plan.String(), "- read = all\n")
	require.NotContains(t, plan.String(), "LEAK")
	encoded, err := json.Marshal(plan)
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "LEAK")

	s.write(t, fakeManagedFile, before)
	for _, parent := range []string{"[general]\nsecret LEAK6\n[adm\nsecret = LEAK7\n", "[general]\n[adm](LEAK8\nsecret = LEAK9\n"} {
		s.write(t, "manager.conf", parent+"#tryinclude "+fakeManagedFile+"\n")
		_, err = s.configDir.Plan(testContext(t))
		require.ErrorAs(t, err, new(*asteriskconf.SyntaxError))
		require.NotContains(t, err.Error(), "LEAK")
	}
}

func TestConfigDir_Apply_keepsFileLocationWhenIncludeIsAdded(t *testing.T) {
	t.Parallel()
	s := newFakeEnv(t, "alpha")
	require.NoError(t, os.Mkdir(s.path("manager.d"), 0o700))
	s.write(t, "manager.d/README.conf", "; nothing\n")
	s.write(t, "manager.conf", validGeneral+"#include \"manager.d/*.conf\"\n#tryinclude "+fakeManagedFile+"\n")
	require.False(t, s.status(t).Pending)
	require.False(t, s.apply(t).Changed)
	s.add(t, "beta")
	require.Equal(t, fakeManagedFile, s.apply(t).Files[0].Path)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts())
}

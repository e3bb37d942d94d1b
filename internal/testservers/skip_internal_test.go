package testservers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeTB is a test that notes how it was ended, instead of ending so.
type fakeTB struct {
	testing.TB
	fatal, skipped string
}

func (r *fakeTB) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *fakeTB) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// runRecorded runs test with a recorder in the place of t.
func runRecorded(t *testing.T, test func(t testing.TB)) *fakeTB {
	t.Helper()
	r := &fakeTB{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r
}

// installFakeAsterisk makes a folder with a program asterisk that says it is version.
func installFakeAsterisk(t *testing.T, version string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	program := "#!/bin/sh\necho '" + version + "'\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "asterisk"), []byte(program), 0o700))
	return dir
}

func TestSkipOrFail_namesMissingAsterisk(t *testing.T) {
	SkipIfShort(t)
	dir := t.TempDir()
	t.Setenv(dirEnv, dir)
	t.Setenv("PATH", installFakeAsterisk(t, "Asterisk 16.28.0"))
	start := func(t testing.TB) {
		t.Helper()
		StartAsterisk(t, nil)
	}
	msg := "skipped: no Asterisk 18 or newer on PATH, and none installed in " +
		filepath.Join(dir, "asterisk") + "; `make testservers` installs what is missing"

	t.Setenv(requireEnv, "")
	r := runRecorded(t, start)
	require.Equal(t, msg, r.skipped)
	require.Empty(t, r.fatal)

	t.Setenv(requireEnv, "1")
	r = runRecorded(t, start)
	require.Equal(t, msg, r.fatal)
	require.Empty(t, r.skipped)
}

func TestServerRoot_failsWhenMissing(t *testing.T) {
	SkipIfShort(t)
	dir := t.TempDir()
	t.Setenv(dirEnv, dir)
	t.Setenv(requireEnv, "1")
	r := runRecorded(t, func(t testing.TB) {
		t.Helper()
		ServerRoot(t)
	})
	require.Equal(t, "skipped: no slapd and no Prosody: none installed in "+
		filepath.Join(dir, "servers")+"; `make testservers` installs what is missing", r.fatal)
}

func TestFindAsterisk_prefersSupportedSystemVersion(t *testing.T) {
	t.Setenv(dirEnv, t.TempDir())
	for version, newEnough := range map[string]bool{
		"Asterisk 22.10.1+dfsg+~cs6.17.60671434-1": true,
		"Asterisk 18.9.0":                          true,
		"Asterisk certified/18.9-cert17":           true,
		"Asterisk certified-22.8-cert1":            true,
		"Asterisk 16.28.0~dfsg-0+deb11u4":          false,
		"Asterisk certified/16.8-cert14":           false,
		"Asterisk GIT-master-0123456789ab":         false,
	} {
		dir := installFakeAsterisk(t, version)
		t.Setenv("PATH", dir)
		found, err := findAsterisk(t.Context())
		if !newEnough {
			require.Error(t, err, version)
			continue
		}
		require.NoError(t, err, version)
		require.Equal(t, []string{filepath.Join(dir, "asterisk")}, found.argv)
	}
}

func TestStartAsterisk_failsOnEarlyExit(t *testing.T) {
	SkipIfShort(t)
	t.Parallel()
	if _, err := findAsterisk(t.Context()); err != nil {
		SkipOrFail(t, err)
	}
	r := runRecorded(t, func(t testing.TB) {
		t.Helper()
		StartAsterisk(t, &AsteriskOptions{Files: map[string]string{
			"modules.conf": "[modules]\nautoload = no\nrequire = no_such_module.so\n",
		}})
	})
	require.Contains(t, r.fatal, "Asterisk ended while it started: exit status")
}

func TestProgram_WaitReady_failsOnEarlyExit(t *testing.T) {
	t.Parallel()
	r := runRecorded(t, func(t testing.TB) {
		t.Helper()
		StartProgram(t, "a program", exec.CommandContext(t.Context(), "sh", "-c", "exit 3")).
			WaitReady(t, func() bool { return false })
	})
	require.Equal(t, "a program ended while it started: exit status 3", r.fatal)
}

func TestWriteFiles_rejectsPathsOutsideDir(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../manager.conf", "/etc/asterisk/manager.conf", "manager.d/../../x"} {
		require.Error(t, writeFiles(t.TempDir(), map[string]string{name: ""}, 0))
	}
}

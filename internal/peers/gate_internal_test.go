package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorder is a test that notes how it was ended, instead of ending so.
type recorder struct {
	testing.TB
	fatal, skipped string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record runs test with a recorder in the place of t.
func record(t *testing.T, test func(t testing.TB)) *recorder {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r
}

// pretend makes a folder with a program asterisk that says it is version.
func pretend(t *testing.T, version string) (folder string) {
	t.Helper()
	folder = t.TempDir()
	program := "#!/bin/sh\necho '" + version + "'\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "asterisk"), []byte(program), 0o700))
	return folder
}

func TestAMissingPeerIsNamed(t *testing.T) {
	peers := t.TempDir()
	t.Setenv(peersEnv, peers)
	t.Setenv("PATH", pretend(t, "Asterisk 16.28.0"))
	start := func(t testing.TB) {
		t.Helper()
		StartAsterisk(t, nil)
	}
	sentence := "left out: no Asterisk 18 or newer on PATH, and none installed in " +
		filepath.Join(peers, "asterisk") + "; `make peers` installs what is missing"

	t.Setenv(requireEnv, "")
	r := record(t, start)
	require.Equal(t, sentence, r.skipped)
	require.Empty(t, r.fatal)

	t.Setenv(requireEnv, "1")
	r = record(t, start)
	require.Equal(t, sentence, r.fatal)
	require.Empty(t, r.skipped)
}

func TestMissingServersAreNamed(t *testing.T) {
	peers := t.TempDir()
	t.Setenv(peersEnv, peers)
	t.Setenv(requireEnv, "1")
	r := record(t, func(t testing.TB) {
		t.Helper()
		Servers(t)
	})
	require.Equal(t, "left out: no slapd and no Prosody: none installed in "+
		filepath.Join(peers, "servers")+"; `make peers` installs what is missing", r.fatal)
}

func TestTheSystemsAsteriskIsUsedWhenNewEnough(t *testing.T) {
	t.Setenv(peersEnv, t.TempDir())
	for version, newEnough := range map[string]bool{
		"Asterisk 22.10.1+dfsg+~cs6.17.60671434-1": true,
		"Asterisk 18.9.0":                          true,
		"Asterisk certified/18.9-cert17":           true,
		"Asterisk certified-22.8-cert1":            true,
		"Asterisk 16.28.0~dfsg-0+deb11u4":          false,
		"Asterisk certified/16.8-cert14":           false,
		"Asterisk GIT-master-0123456789ab":         false,
	} {
		folder := pretend(t, version)
		t.Setenv("PATH", folder)
		found, err := findAsterisk(t.Context())
		if !newEnough {
			require.Error(t, err, version)
			continue
		}
		require.NoError(t, err, version)
		require.Equal(t, []string{filepath.Join(folder, "asterisk")}, found.argv)
	}
}

func TestAnAsteriskThatEndsAtItsStartFailsTheTest(t *testing.T) {
	t.Parallel()
	if _, err := findAsterisk(t.Context()); err != nil {
		Missing(t, err)
	}
	r := record(t, func(t testing.TB) {
		t.Helper()
		StartAsterisk(t, &AsteriskOptions{Files: map[string]string{
			"modules.conf": "[modules]\nautoload = no\nrequire = no_such_module.so\n",
		}})
	})
	require.Contains(t, r.fatal, "Asterisk ended while it started: exit status")
}

func TestAProgramThatEndsAtItsStartFailsTheTest(t *testing.T) {
	t.Parallel()
	r := record(t, func(t testing.TB) {
		t.Helper()
		StartProgram(t, "a program", exec.CommandContext(t.Context(), "sh", "-c", "exit 3")).
			WaitReady(t, func() bool { return false })
	})
	require.Equal(t, "a program ended while it started: exit status 3", r.fatal)
}

func TestFilesStayBelowTheConfigurationFolder(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../manager.conf", "/etc/asterisk/manager.conf", "manager.d/../../x"} {
		require.Error(t, writeFiles(t.TempDir(), map[string]string{name: ""}, 0))
	}
}

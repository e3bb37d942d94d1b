package testservers_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

// exitModeEnv tells a test binary that this file starts how it is to end.
const exitModeEnv = "PBXUSERS_TEST_ENDING"

// TestStartAsterisk_endsWithTestBinary runs itself in a second process, which
// starts an Asterisk and then ends without any cleanup.
func TestStartAsterisk_endsWithTestBinary(t *testing.T) {
	t.Parallel()
	if exitMode := os.Getenv(exitModeEnv); exitMode != "" {
		runChild(t, exitMode)
	}
	testservers.StartAsterisk(t, nil).Stop() // leaves this test out where there is no Asterisk
	for _, exitMode := range []string{"killed", "panics"} {
		t.Run(exitMode, func(t *testing.T) {
			t.Parallel()
			pid := startChild(t, exitMode)
			require.Eventually(t, func() bool { return hasExited(t, pid) }, 30*time.Second, 5*time.Millisecond)
		})
	}
}

// runChild is what the second process does.
func runChild(t *testing.T, exitMode string) {
	t.Helper()
	a := testservers.StartAsterisk(t, nil)
	// This is how the first process learns it.
	fmt.Printf("\nPID %d\n", a.PID())
	if exitMode == "panics" {
		go panic("in a goroutine, where no cleanup runs")
	}
	select {}
}

// startChild runs this test in a second process, has it end in the given way,
// and returns the process id of the Asterisk that it started.
func startChild(t *testing.T, exitMode string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStartAsterisk_endsWithTestBinary$", "-test.v")
	cmd.Env = append(os.Environ(), exitModeEnv+"="+exitMode, "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	pid := readPID(t, out)
	if exitMode == "killed" {
		require.False(t, hasExited(t, pid))
		require.NoError(t, cmd.Process.Kill())
	}
	_, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	return pid
}

// readPID reads the process id that the second process prints.
func readPID(t *testing.T, out io.Reader) int {
	t.Helper()
	var output strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if number, ok := strings.CutPrefix(lines.Text(), "PID "); ok {
			pid, err := strconv.Atoi(number)
			require.NoError(t, err)
			return pid
		}
		output.WriteString(lines.Text() + "\n")
	}
	require.Fail(t, "the second process started no Asterisk", output.String())
	return 0
}

// hasExited reports whether a process has ended. One that nobody has reaped yet, in
// state Z, has.
func hasExited(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	require.NoError(t, err)
	afterName := stat[bytes.LastIndexByte(stat, ')')+1:]
	return bytes.HasPrefix(afterName, []byte(" Z"))
}

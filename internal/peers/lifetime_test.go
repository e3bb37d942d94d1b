package peers_test

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

	"github.com/pbxusers/pbxusers/internal/peers"
)

// endingEnv tells a test binary that this file starts how it is to end.
const endingEnv = "PBXUSERS_TEST_ENDING"

// TestAsteriskEndsWithTheTestBinary runs itself in a second process, which
// starts an Asterisk and then ends without any cleanup.
func TestAsteriskEndsWithTheTestBinary(t *testing.T) {
	t.Parallel()
	if ending := os.Getenv(endingEnv); ending != "" {
		endBadly(t, ending)
	}
	peers.StartAsterisk(t, nil).Stop() // leaves this test out where there is no Asterisk
	for _, ending := range []string{"killed", "panics"} {
		t.Run(ending, func(t *testing.T) {
			t.Parallel()
			pid := runToItsEnd(t, ending)
			require.Eventually(t, func() bool { return gone(t, pid) }, 30*time.Second, 5*time.Millisecond)
		})
	}
}

// endBadly is what the second process does.
func endBadly(t *testing.T, ending string) {
	t.Helper()
	a := peers.StartAsterisk(t, nil)
	// This is how the first process learns it.
	fmt.Printf("\nPID %d\n", a.PID())
	if ending == "panics" {
		go panic("in a goroutine, where no cleanup runs")
	}
	select {}
}

// runToItsEnd runs this test in a second process, has it end in the given way,
// and returns the process id of the Asterisk that it started.
func runToItsEnd(t *testing.T, ending string) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsteriskEndsWithTheTestBinary$", "-test.v")
	cmd.Env = append(os.Environ(), endingEnv+"="+ending, "TMPDIR="+t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	pid := announced(t, out)
	if ending == "killed" {
		require.False(t, gone(t, pid))
		require.NoError(t, cmd.Process.Kill())
	}
	_, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	require.Error(t, cmd.Wait())
	return pid
}

// announced reads the process id that the second process prints.
func announced(t *testing.T, out io.Reader) int {
	t.Helper()
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if number, ok := strings.CutPrefix(lines.Text(), "PID "); ok {
			pid, err := strconv.Atoi(number)
			require.NoError(t, err)
			return pid
		}
		said.WriteString(lines.Text() + "\n")
	}
	require.Fail(t, "the second process started no Asterisk", said.String())
	return 0
}

// gone reports whether a process has ended. One that nobody has reaped yet, in
// state Z, has.
func gone(t *testing.T, pid int) bool {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return true
	}
	require.NoError(t, err)
	afterName := stat[bytes.LastIndexByte(stat, ')')+1:]
	return bytes.HasPrefix(afterName, []byte(" Z"))
}

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// runInterrupted runs a command line whose context ends after a while, as Ctrl-C
// ends it.
func (c *ctl) runInterrupted(t *testing.T, after time.Duration, stdin io.Reader, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer time.AfterFunc(after, cancel).Stop()
	var stdout, stderr bytes.Buffer
	code := run(ctx, slices.Concat(c.flags, args), stdin, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// blockingReader is standard input on which nothing comes before the test ends.
func blockingReader(t *testing.T) io.Reader {
	t.Helper()
	reader, writer := io.Pipe()
	t.Cleanup(func() { require.NoError(t, writer.Close()) })
	return reader
}

func TestReadInput_stopsOnInterrupt(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	before := c.do(t, "ami-account", "show", "crm", "--json")
	for _, verb := range []string{"rotate", "edit", "probe"} {
		o := c.runInterrupted(t, 10*time.Millisecond, blockingReader(t), "ami-account", verb, "crm", "--secret-file", "-")
		require.Equal(t, exitFailed, o.code, verb)
		require.Contains(t, o.stderr, "context canceled", verb)
	}
	require.Equal(t, before, c.do(t, "ami-account", "show", "crm", "--json"))
}

// TestCLI_installStopsOnInterrupt has an asterisk command that
// leaves a program behind, which keeps its output open.
func TestCLI_installStopsOnInterrupt(t *testing.T) {
	t.Parallel()
	c := offline(t).withoutDatabase(t)
	script := c.data("asterisk")
	require.NoError(t, os.WriteFile(script, []byte("#!/bin/sh\nsleep 30 &\necho $! >"+c.data("pid")+"\nwait\n"), 0o700))
	t.Cleanup(func() { killProcess(t, c.data("pid")) })
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	ended := make(chan result, 1)
	go func() {
		var stderr bytes.Buffer
		code := run(ctx, slices.Concat(c.flags, []string{"--ami", "127.0.0.1:1", "--asterisk", script, "config", "install"}), strings.NewReader(""), io.Discard, &stderr)
		ended <- result{code: code, stderr: stderr.String()}
	}()
	require.Eventually(t, func() bool {
		pid, _ := os.ReadFile(c.data("pid"))
		return bytes.HasSuffix(pid, []byte("\n"))
	}, 20*time.Second, 10*time.Millisecond)
	startTime := time.Now()
	interrupt()
	o := <-ended
	require.Less(t, time.Since(startTime), 15*time.Second)
	require.Equal(t, exitFailed, o.code)
	require.Contains(t, o.stderr, "the files are written, but Asterisk could not reload them")
	require.Contains(t, o.stderr, "context canceled")
}

// killProcess kills the process whose ID is in the file.
func killProcess(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
}

// TestCLI_interruptedApplyIsAtomic interrupts an apply later and later,
// until it is done before: by steps of a part of what one takes here.
func TestCLI_interruptedApplyIsAtomic(t *testing.T) {
	t.Parallel()
	c, asterisk := onAsterisk(t, &testservers.AsteriskOptions{NoAMIUser: true})
	c.do(t, "config", "install")
	c.do(t, "ami-account", "add", "first")
	startTime := time.Now()
	c.do(t, "config", "apply")
	const steps = 25
	step := time.Since(startTime) / steps
	c.do(t, "ami-account", "add", "crm")
	cut := 0
	for after := time.Duration(0); ; after += step {
		o := c.runInterrupted(t, after, strings.NewReader(""), "config", "apply")
		done := o.code == exitOK
		require.Equal(t, done, strings.Contains(c.read(t, ourFile), "[crm]"), o.stderr)
		require.Equal(t, done, slices.Contains(liveAMIAccounts(t, asterisk), "crm"), o.stderr)
		if done {
			break
		}
		cut++
		require.Equal(t, exitFailed, o.code)
		require.Contains(t, o.stderr, "cancel")
		require.Contains(t, c.do(t, "config", "status"), "Changes are pending: ")
	}
	require.Positive(t, cut, "the first one was interrupted at once")
	require.Equal(t, "No apply was interrupted.\n", c.do(t, "config", "recover"))
}

func TestErrorText_unverifiedRollbackHintsRecover(t *testing.T) {
	t.Parallel()
	disconnected := &ami.DisconnectedError{Err: io.EOF}
	failed := &asteriskconf.ApplyError{Step: asteriskconf.StepReload, Err: disconnected, Changed: true}
	require.NotContains(t, errorText(failed), "pbxctl config recover", "what was rolled back needs no recovery")
	failed.RollbackErr = disconnected
	require.Contains(t, errorText(failed), "the rollback is not verified")
	require.Contains(t, errorText(failed), "\nRun 'pbxctl config recover' once Asterisk runs")
}

// fullWriter is standard output that takes nothing.
type fullWriter struct{}

func (fullWriter) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestCLI_outputFailureReportsCompletedWork(t *testing.T) {
	t.Parallel()
	c := offline(t)
	var stderr bytes.Buffer
	code := run(t.Context(), slices.Concat(c.flags, []string{"ami-account", "add", "crm"}), strings.NewReader(""), fullWriter{}, &stderr)
	require.Equal(t, exitFailed, code)
	require.Equal(t, "pbxctl: done, but the result could not be printed: no space left on device\n"+
		"The generated secret is lost. Run 'pbxctl ami-account rotate crm' for a new one.\n", stderr.String())
	c.do(t, "ami-account", "show", "crm")
}

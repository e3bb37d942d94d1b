package testservers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Program is a test server that runs as its own process.
type Program struct {
	name       string
	outputPath string // the file that has what it says
	*process
}

// StartProgram starts a test server that ends with the test, in whatever way that
// ends. When the test failed, or the server crashed, the test's log has what the
// server wrote. The name is for messages.
func StartProgram(t testing.TB, name string, cmd *exec.Cmd) *Program {
	t.Helper()
	p := &Program{name: name, outputPath: filepath.Join(t.TempDir(), "output")}
	output, err := os.OpenFile(p.outputPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	defer func() { _ = output.Close() }() // the server has a descriptor of its own
	cmd.Stdout, cmd.Stderr = output, output
	if p.process, err = startProcess(cmd); err != nil {
		t.Fatalf("starting %s: %v", name, err)
	}
	t.Cleanup(func() { p.tearDown(t) })
	return p
}

// WaitReady waits until ready is true, and fails the test when the program ends
// before that, or takes too long.
func (p *Program) WaitReady(t testing.TB, ready func() bool) {
	t.Helper()
	waitUntil(t, p.name+" to start", func() bool {
		select {
		case <-p.done:
			t.Fatalf("%s ended while it started: %v", p.name, p.cmd.ProcessState)
		default:
		}
		return ready()
	})
}

// Stop ends the program as an administrator does and returns when it is gone.
func (p *Program) Stop() { p.stop() }

// Output returns what the program has said so far, to the terminal that it does
// not have.
func (p *Program) Output(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(p.outputPath)
	if err != nil {
		t.Fatalf("reading what %s said: %v", p.name, err)
	}
	return string(text)
}

// tearDown ends the program when its test is over.
func (p *Program) tearDown(t testing.TB) {
	t.Helper()
	p.kill()
	if state, crashed := p.crash(); crashed {
		t.Errorf("%s crashed: %v", p.name, state)
	}
	if t.Failed() {
		t.Logf("what %s said:\n%s", p.name, p.Output(t))
	}
}

package testservers

import (
	"context"
	"crypto/rand"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// managerFile is the file of the configuration folder that has the AMI
// accounts.
const managerFile = "manager.conf"

// AsteriskOptions says what an instance has beside the defaults. Nil is legal
// and means all defaults.
type AsteriskOptions struct {
	// Files are written to the configuration folder before the start, by
	// their paths in it, such as "manager.d/crm.conf". They replace the
	// generated files of the same paths: manager.conf, modules.conf,
	// extensions.conf and the like. "{{port}}" in them becomes the port of
	// AMIAddr. Defaults to none.
	Files map[string]string
	// Modules are loaded beside the few that every instance has, such as
	// "app_queue.so". Defaults to none.
	Modules []string
	// ExecIncludes lets #exec lines run programs. Defaults to false, as in Asterisk.
	ExecIncludes bool
	// NoAMIUser leaves the administrator's account out of manager.conf.
	// Defaults to false. A manager.conf among Files has no such account.
	NoAMIUser bool
}

// Asterisk is a running instance.
type Asterisk struct {
	// ConfDir is the configuration folder, laid out as Debian does:
	// manager.conf reads manager.d/*.conf.
	ConfDir string
	// AMIAddr is where AMI listens: 127.0.0.1 and a port of this instance,
	// the same after a restart.
	AMIAddr string
	// AMIUser and AMISecret are the administrator's account, which stands in
	// manager.conf as if written by hand and may do everything. Empty when
	// there is none.
	AMIUser, AMISecret string

	installation *installation
	layout       layout
	port         *port

	mu   sync.Mutex
	proc *process
}

// StartAsterisk starts an Asterisk for the test t and returns when it is fully
// booted. It ends with the test, in whatever way that ends; when the test
// failed, or Asterisk crashed, the test's log has what Asterisk said. Without
// an Asterisk on this machine the test is skipped, or fails; see the package
// comment.
func StartAsterisk(t testing.TB, opts *AsteriskOptions) *Asterisk {
	t.Helper()
	SkipIfShort(t)
	if opts == nil {
		opts = &AsteriskOptions{}
	}
	installed, err := findAsterisk(t.Context())
	if err != nil {
		SkipOrFail(t, err)
	}
	a := &Asterisk{installation: installed}
	a.configure(t, opts)
	t.Cleanup(func() { a.tearDown(t) })
	a.start(t)
	return a
}

// configure makes the files of the instance and claims its port.
func (a *Asterisk) configure(t testing.TB, opts *AsteriskOptions) {
	t.Helper()
	var err error
	if a.port, err = claimPort(t.Context()); err != nil {
		t.Fatalf("starting Asterisk: %v", err)
	}
	t.Cleanup(a.port.release)
	a.AMIAddr = a.port.address()

	a.layout, err = newLayout()
	t.Cleanup(func() { _ = os.RemoveAll(a.layout.base) })
	if err != nil {
		t.Fatalf("starting Asterisk: %v", err)
	}
	a.ConfDir = a.layout.etc()

	if _, custom := opts.Files[managerFile]; !custom && !opts.NoAMIUser {
		a.AMIUser, a.AMISecret = "admin", rand.Text()
	}
	files := defaultFiles(opts.Modules)
	files[managerFile] = managerConf(a.AMIUser, a.AMISecret)
	maps.Copy(files, opts.Files)
	if err := writeFiles(a.ConfDir, files, a.port.number); err != nil {
		t.Fatalf("configuring Asterisk: %v", err)
	}
	if err := os.WriteFile(a.layout.conf(), []byte(a.layout.asteriskConf(a.installation, opts.ExecIncludes)), 0o600); err != nil {
		t.Fatalf("configuring Asterisk: %v", err)
	}
}

// Command returns how the program asterisk is called to reach this instance:
// append "-rx" and a command of its console.
func (a *Asterisk) Command() []string {
	return slices.Concat(a.installation.argv, []string{"-C", a.layout.conf()})
}

// command prepares the program with further arguments.
func (a *Asterisk) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := a.installation.command(ctx, slices.Concat([]string{"-C", a.layout.conf()}, args)...)
	cmd.Dir = a.layout.base
	return cmd
}

// Console runs a command of Asterisk's console, such as "manager show users",
// and returns the lines that it prints.
func (a *Asterisk) Console(t testing.TB, command string) []string {
	t.Helper()
	text, err := a.console(t, command)
	if err != nil {
		t.Fatalf("Asterisk's console, %q: %v: %s", command, err, text)
	}
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func (a *Asterisk) console(t testing.TB, command string) (string, error) {
	t.Helper()
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	out, err := a.command(ctx, "-rx", command).CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}

// PID returns the process id of the instance that runs, or ran last.
func (a *Asterisk) PID() int {
	return a.process().cmd.Process.Pid
}

// Stop ends Asterisk as an administrator does and returns when it is gone.
func (a *Asterisk) Stop() { a.process().stop() }

// Kill ends Asterisk at once, as a power cut does, and returns when it is
// gone.
func (a *Asterisk) Kill() { a.process().kill() }

// Restart stops Asterisk, where it runs still, and starts it again with the
// same files and the same port. It returns when Asterisk is fully booted.
func (a *Asterisk) Restart(t testing.TB) {
	t.Helper()
	a.Stop()
	a.reportCrash(t)
	a.start(t)
}

func (a *Asterisk) process() *process {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.proc
}

// tearDown ends the instance when its test is over.
func (a *Asterisk) tearDown(t testing.TB) {
	t.Helper()
	p := a.process()
	if p == nil {
		return
	}
	p.kill()
	a.reportCrash(t)
	if t.Failed() {
		t.Logf("what Asterisk said:\n%s%s", a.readFile(t, a.layout.output()), a.Log(t))
	}
}

// reportCrash fails the test when a signal that was not ours ended Asterisk.
func (a *Asterisk) reportCrash(t testing.TB) {
	t.Helper()
	if state, crashed := a.process().crash(); crashed {
		t.Errorf("Asterisk crashed: %v", state)
	}
}

package testservers

import (
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

// process is a running program that does not outlive this one.
type process struct {
	cmd           *exec.Cmd
	stopRequested atomic.Bool   // to end, by us, before it ended
	done          chan struct{} // closed when it is gone and reaped
}

// startProcess starts cmd on a thread of its own, which lives as long as cmd
// does; see setParentDeathSignal.
func startProcess(cmd *exec.Cmd) (*process, error) {
	setParentDeathSignal(cmd)
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // its result is in cmd.ProcessState
			close(p.done)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// stop asks the program to end, and makes it end when it does not.
func (p *process) stop() {
	const patience = 20 * time.Second
	p.signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		p.kill()
	}
}

// kill ends the program at once and returns when it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *process) signal(signal os.Signal) {
	if err := p.cmd.Process.Signal(signal); err == nil {
		p.stopRequested.Store(true)
	}
}

// crash returns the state of a program that a signal ended which was not ours.
func (p *process) crash() (state *os.ProcessState, crashed bool) {
	select {
	case <-p.done:
		state = p.cmd.ProcessState
		return state, !p.stopRequested.Load() && state.ExitCode() == -1
	default:
		return nil, false
	}
}

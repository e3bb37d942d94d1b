package peers

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// answerTime bounds the wait for the first answer of a program that listens.
const answerTime = 30 * time.Second

// start starts the process and waits until it is fully booted.
func (a *Asterisk) start(t testing.TB) {
	t.Helper()
	// The socket of a killed Asterisk stays, and stops the next one.
	_ = os.Remove(a.layout.control())
	output, err := os.OpenFile(a.layout.output(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatalf("starting Asterisk: %v", err)
	}
	defer func() { _ = output.Close() }() // Asterisk has a descriptor of its own

	cmd := a.command(context.WithoutCancel(t.Context()), "-f")
	cmd.Stdout, cmd.Stderr = output, output
	p, err := startProcess(cmd)
	if err != nil {
		t.Fatalf("starting Asterisk: %v", err)
	}
	a.mu.Lock()
	a.running = p
	a.mu.Unlock()
	a.waitBooted(t, p)
}

// waitBooted waits until everything is loaded.
func (a *Asterisk) waitBooted(t testing.TB, p *process) {
	t.Helper()
	poll(t, "Asterisk to start", func() bool {
		select {
		case <-p.done:
			t.Fatalf("Asterisk ended while it started: %v", p.cmd.ProcessState)
		default:
		}
		return a.booted(t)
	})
	if a.AMIUser == "" {
		return
	}
	if err := a.greeted(t); err != nil {
		t.Fatalf("AMI on %s: %v", a.AMIAddr, err)
	}
}

// booted asks the console to answer when everything is loaded. It has no
// answer when Asterisk does not listen yet, or ends meanwhile.
func (a *Asterisk) booted(t testing.TB) bool {
	t.Helper()
	// Looking at the socket is all that is safe: Asterisk makes it a moment
	// before it ignores SIGPIPE (asterisk_daemon in main/asterisk.c), and a
	// client that hangs up in that moment ends it.
	if _, err := os.Stat(a.layout.control()); err != nil {
		return false
	}
	answer, err := a.console(t, "core waitfullybooted")
	return err == nil && strings.Contains(answer, "fully booted")
}

// greeted reads the first words of AMI.
func (a *Asterisk) greeted(t testing.TB) error {
	t.Helper()
	dialer := &net.Dialer{Timeout: answerTime}
	conn, err := dialer.DialContext(context.WithoutCancel(t.Context()), "tcp", a.AMIAddr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	const greeting = "Asterisk Call Manager/"
	banner := make([]byte, len(greeting))
	if err := conn.SetReadDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, banner); err != nil {
		return err
	}
	if string(banner) != greeting {
		return errors.New("another program answers there")
	}
	return nil
}

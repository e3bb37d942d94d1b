package testservers

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

// answerTimeout bounds the wait for the first answer of a program that listens.
const answerTimeout = 30 * time.Second

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
	a.proc = p
	a.mu.Unlock()
	a.waitFullyBooted(t, p)
}

// waitFullyBooted waits until everything is loaded.
func (a *Asterisk) waitFullyBooted(t testing.TB, p *process) {
	t.Helper()
	waitUntil(t, "Asterisk to start", func() bool {
		select {
		case <-p.done:
			t.Fatalf("Asterisk ended while it started: %v", p.cmd.ProcessState)
		default:
		}
		return a.isFullyBooted(t)
	})
	if a.AMIUser == "" {
		return
	}
	if err := a.checkBanner(t); err != nil {
		t.Fatalf("AMI on %s: %v", a.AMIAddr, err)
	}
}

// isFullyBooted asks the console to answer when everything is loaded. It has no
// answer when Asterisk does not listen yet, or ends meanwhile.
func (a *Asterisk) isFullyBooted(t testing.TB) bool {
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

// checkBanner reads the first words of AMI.
func (a *Asterisk) checkBanner(t testing.TB) error {
	t.Helper()
	dialer := &net.Dialer{Timeout: answerTimeout}
	conn, err := dialer.DialContext(context.WithoutCancel(t.Context()), "tcp", a.AMIAddr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	const greeting = "Asterisk Call Manager/"
	banner := make([]byte, len(greeting))
	if err := conn.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
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

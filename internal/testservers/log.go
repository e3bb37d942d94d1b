package testservers

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"
)

// Log returns what Asterisk has written to its log since its first start:
// notices, warnings, errors, verbose lines and security events.
func (a *Asterisk) Log(t testing.TB) string {
	t.Helper()
	return a.readFile(t, a.layout.log())
}

// WaitForLog waits until Asterisk's log has the text, and fails the test when that
// takes too long.
func (a *Asterisk) WaitForLog(t testing.TB, text string) {
	t.Helper()
	waitUntil(t, "Asterisk to log "+text, func() bool { return strings.Contains(a.Log(t), text) })
}

// readFile returns a file of the instance; one that is not there yet is empty.
func (a *Asterisk) readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("reading what Asterisk said: %v", err)
	}
	return string(text)
}

// waitUntil waits until done is true, where nothing tells of the moment.
func waitUntil(t testing.TB, desc string, done func() bool) {
	t.Helper()
	const (
		interval = 5 * time.Millisecond
		patience = time.Minute
	)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("waited %v for %s", patience, desc)
		}
	}
}

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

// amiSession is a connection to AMI as any program has it: our own client has
// no part in it.
type amiSession struct {
	conn   net.Conn
	reader *bufio.Reader
}

// logIn sends a login and returns Asterisk's answer with the session.
func logIn(t *testing.T, asterisk *testservers.Asterisk, name, secret string) (answer string, s *amiSession) {
	t.Helper()
	conn, err := net.Dial("tcp", asterisk.AMIAddr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	s = &amiSession{conn, bufio.NewReader(conn)}
	banner := s.line(t)
	require.Contains(t, banner, "Asterisk Call Manager/")
	_, err = fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\n\r\n", name, secret)
	require.NoError(t, err)
	answer = s.line(t)
	return answer, s
}

// line reads one line.
func (s *amiSession) line(t *testing.T) string {
	t.Helper()
	line, err := s.reader.ReadString('\n')
	require.NoError(t, err)
	return strings.TrimRight(line, "\r\n")
}

// requireEnded waits until Asterisk hangs up.
func (s *amiSession) requireEnded(t *testing.T) {
	t.Helper()
	_, err := io.Copy(io.Discard, s.reader)
	require.NoError(t, err, "the open session goes on")
}

// liveAMIAccounts are the AMI accounts that Asterisk lists.
func liveAMIAccounts(t *testing.T, asterisk *testservers.Asterisk) []string {
	t.Helper()
	var names []string
	listed := false
	for _, line := range asterisk.Console(t, "manager show users") {
		switch {
		case strings.HasPrefix(line, "----"):
			listed = !listed
		case listed:
			names = append(names, strings.TrimSpace(line))
		}
	}
	return names
}

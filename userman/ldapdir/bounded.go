package ldapdir

import (
	"errors"
	"net"
	"sync/atomic"
)

const (
	// maxPage bounds, in bytes, what a server may answer to one search. Beyond
	// it the connection fails.
	maxPage = 16 << 20
	// maxGreeting bounds what it may answer until then, to whatever protects
	// the connection or proves a password: what is read takes up to a hundred
	// times as much memory, and anybody may be the server.
	maxGreeting = 1 << 20
)

var errTooMuch = errors.New("the server answered too much to one request, which is more than 16 MiB to a search; use a smaller page")

// boundedConn is a connection that reads no more than is left.
type boundedConn struct {
	net.Conn

	left atomic.Int64
}

// allow begins the count for the next request.
func (c *boundedConn) allow(most int64) { c.left.Store(most) }

// Read implements [net.Conn].
func (c *boundedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.left.Add(-int64(n)) < 0 {
		return n, errTooMuch
	}
	return n, err
}

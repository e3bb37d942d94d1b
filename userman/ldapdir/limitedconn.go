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
	// maxHandshake bounds what it may answer until then, to whatever protects
	// the connection or proves a password: what is read takes up to a hundred
	// times as much memory, and anybody may be the server.
	maxHandshake = 1 << 20
)

var errResponseTooLarge = errors.New("the server answered too much to one request, which is more than 16 MiB to a search; use a smaller page")

// limitedConn is a connection that reads no more than is left.
type limitedConn struct {
	net.Conn

	remaining atomic.Int64
}

// setLimit begins the count for the next request.
func (c *limitedConn) setLimit(limit int64) { c.remaining.Store(limit) }

// Read implements [net.Conn].
func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.remaining.Add(-int64(n)) < 0 {
		return n, errResponseTooLarge
	}
	return n, err
}

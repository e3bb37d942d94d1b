package ldapdir

import (
	"errors"
	"net"
	"sync/atomic"
)

const (
	// maxPage is the maximum size of the response to one search, in bytes. The
	// connection fails beyond it.
	maxPage = 16 << 20
	// maxHandshake is the maximum size of responses before the connection is
	// encrypted and authenticated. Decoding takes up to a hundred times as much
	// memory, and any host may have answered.
	maxHandshake = 1 << 20
)

var errResponseTooLarge = errors.New("the response is too large (more than 16 MiB for a search); use a smaller page size")

// limitedConn is a connection that fails beyond a limit of bytes.
type limitedConn struct {
	net.Conn

	remaining atomic.Int64
}

// setLimit sets the limit for the next request.
func (c *limitedConn) setLimit(limit int64) { c.remaining.Store(limit) }

// Read implements [net.Conn].
func (c *limitedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.remaining.Add(-int64(n)) < 0 {
		return n, errResponseTooLarge
	}
	return n, err
}

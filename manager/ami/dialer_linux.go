package ami

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// newDialer returns a dialer whose connections end if sent data is not
// acknowledged within limit, if limit is positive. Otherwise Linux retransmits
// for a quarter of an hour, and a client that always has a running action sends
// no ping and does not detect a dead peer. The peer's kernel acknowledges, so a
// busy Asterisk is not affected.
func newDialer(limit time.Duration) *net.Dialer {
	if limit <= 0 {
		return &net.Dialer{}
	}
	return &net.Dialer{Control: func(_, _ string, conn syscall.RawConn) error {
		var err error
		controlled := conn.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(max(limit.Milliseconds(), 1)))
		})
		if controlled != nil {
			return controlled
		}
		return err
	}}
}

package ami

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// newDialer returns a dialer whose connections end when what was sent is not
// acknowledged within limit, if that is positive. Without it Linux sends again
// and again for a quarter of an hour, and a client that always has an action
// under way never learns from a ping that nobody is there any more. It is the
// peer's kernel that acknowledges, so an Asterisk that is only busy is safe.
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

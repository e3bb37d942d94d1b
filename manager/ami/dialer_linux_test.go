package ami

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestDial_setsTCPUserTimeout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		keepAlive time.Duration
		want      int
	}{
		{30 * time.Second, 30_000},
		{time.Microsecond, 1},
		{-1, 0},
	} {
		t.Run(test.keepAlive.String(), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, userTimeout(t, (&Options{KeepAlive: test.keepAlive}).withDefaults()))
		})
	}
	require.Equal(t, 30_000, userTimeout(t, (*Options)(nil).withDefaults()))
}

// userTimeout returns how many milliseconds sent data of a connection may stay
// unacknowledged; 0 is the system's limit.
func userTimeout(t *testing.T, o Options) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	conn, err := o.Dial(t.Context(), "tcp", listener.Addr().String())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	socket, ok := conn.(syscall.Conn)
	require.True(t, ok)
	raw, err := socket.SyscallConn()
	require.NoError(t, err)
	var limit int
	var failure error
	require.NoError(t, raw.Control(func(fd uintptr) {
		limit, failure = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	}))
	require.NoError(t, failure)
	return limit
}

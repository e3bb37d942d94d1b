package smtpmailer

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers/smtp"
	"github.com/pbxusers/pbxusers/store"
)

// remoteConn is a connection to another host.
type remoteConn struct{ net.Conn }

func (remoteConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25}
}

// The name localhost can also resolve to any address.
func TestServer_rejectsCleartextLoginToRemoteHost(t *testing.T) {
	t.Parallel()
	peer := smtp.Start(t, &smtp.Options{User: "pbx", Password: "secret"})
	s := server{host: peer.Host, port: peer.Port, username: "pbx", password: store.NewSecret("secret"), security: None}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, local := range []bool{true, false} {
		rawConn, err := s.dial(ctx)
		require.NoError(t, err)
		conn := rawConn
		if !local {
			conn = remoteConn{rawConn}
		}
		_, err = s.open(ctx, conn)
		if local {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "was not sent")
		}
		require.NoError(t, rawConn.Close())
	}
}

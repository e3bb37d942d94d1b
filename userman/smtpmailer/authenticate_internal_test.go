package smtpmailer

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/peers/smtp"
	"github.com/pbxusers/pbxusers/store"
)

// elsewhere is a connection that leads to another host.
type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25}
}

// The name localhost may lead anywhere, too.
func TestThePasswordIsNotSentUnprotectedToWhereTheConnectionLeads(t *testing.T) {
	t.Parallel()
	peer := smtp.Start(t, &smtp.Options{User: "pbx", Password: "secret"})
	s := server{host: peer.Host, port: peer.Port, username: "pbx", password: store.NewSecret("secret"), security: None}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, here := range []bool{true, false} {
		wire, err := s.dial(ctx)
		require.NoError(t, err)
		leads := wire
		if !here {
			leads = elsewhere{wire}
		}
		_, err = s.open(ctx, leads)
		if here {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, "was not sent")
		}
		require.NoError(t, wire.Close())
	}
}

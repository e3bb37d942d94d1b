package neterror_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/neterror"
)

// dialTLS returns the error of a TLS connection.
func dialTLS(t *testing.T, addr string, config *tls.Config) error {
	t.Helper()
	conn, err := (&tls.Dialer{Config: config}).DialContext(t.Context(), "tcp", addr)
	if err == nil {
		require.NoError(t, conn.Close())
	}
	return err
}

// listen returns a listener that answers each connection.
func listen(t *testing.T, answer string) net.Listener {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(answer))
		}
	}()
	return listener
}

func TestExplain_saysReasonOfFailedConnection(t *testing.T) {
	t.Parallel()
	closed := listen(t, "")
	require.NoError(t, closed.Close())
	secure := httptest.NewTLSServer(nil)
	t.Cleanup(secure.Close)
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	addr := secure.Listener.Addr().String()
	_, refused := (&net.Dialer{}).DialContext(t.Context(), "tcp", closed.Addr().String())
	_, late := (&net.Dialer{Deadline: time.Unix(1, 0)}).DialContext(t.Context(), "tcp", addr)
	for want, err := range map[string]error{
		"nothing listens on this port":                                         refused,
		"the server did not answer in time":                                    late,
		"there is no host of this name":                                        &net.DNSError{Err: "no such host", Name: "pbx.invalid", IsNotFound: true},
		"the name of the host cannot be looked up now":                         &net.DNSError{Err: "server misbehaving", Name: "pbx.invalid"},
		"the server does not speak TLS on this port":                           dialTLS(t, listen(t, "220 mail.example.com ESMTP ready\r\n").Addr().String(), &tls.Config{ServerName: "x"}),
		"the certificate is of an unknown authority; enter its CA certificate": dialTLS(t, addr, &tls.Config{ServerName: "example.com"}),
		"the certificate is for another host name":                             dialTLS(t, addr, &tls.Config{RootCAs: roots, ServerName: "pbx.invalid"}),
		"the certificate has expired or is not valid yet":                      dialTLS(t, addr, &tls.Config{RootCAs: roots, ServerName: "example.com", Time: func() time.Time { return time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }}),
	} {
		require.Error(t, err, want)
		explained := neterror.Explain(err)
		require.EqualError(t, explained, want)
		require.ErrorIs(t, explained, err)
	}
}

func TestExplain_keepsOtherErrors(t *testing.T) {
	t.Parallel()
	other := errors.New("the server is full")
	require.Equal(t, other, neterror.Explain(other))
	require.Equal(t, context.Canceled, neterror.Explain(context.Canceled))
	require.NoError(t, neterror.Explain(nil))
}

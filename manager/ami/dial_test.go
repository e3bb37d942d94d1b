package ami_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

func TestDial_loginMethods(t *testing.T) {
	t.Parallel()
	for name, method := range map[string]ami.LoginMethod{"MD5 challenge": ami.MD5Challenge, "plain text": ami.PlainText} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, nil)
			opts := testOptions(t)
			opts.Login = method
			client := dial(t, server, opts)
			answer, err := client.Do(testContext(t), action("Ping"))
			require.NoError(t, err)
			require.Equal(t, "Pong", answer.Get("ping"))
			require.Equal(t, []string{"test"}, server.Sessions())
		})
	}
}

func TestDial_challengeDoesNotSendSecret(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	seen := make(chan string, 1)
	server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
		for name, value := range r.All() {
			if strings.Contains(value, "secret") {
				seen <- name
			}
		}
		c.Succeed(r)
	})
	dial(t, server, testOptions(t))
	require.Empty(t, seen)
}

// tlsConfigs returns the configuration of a server and of a client that trusts
// it.
func tlsConfigs(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	return &tls.Config{Certificates: web.TLS.Certificates, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func TestDial_tls(t *testing.T) {
	t.Parallel()
	serverTLS, clientTLS := tlsConfigs(t)
	server := newServer(t, &amitest.Options{TLS: serverTLS})
	opts := testOptions(t)
	opts.TLS = clientTLS

	client := dial(t, server, opts)
	_, err := client.Do(testContext(t), action("Ping"))
	require.NoError(t, err)

	t.Run("an unknown certificate is rejected", func(t *testing.T) {
		t.Parallel()
		opts := testOptions(t)
		opts.TLS = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		_, err := ami.Dial(testContext(t), server.Addr(), opts)
		require.ErrorIs(t, err, ami.ErrUnreachable)
		var certificate *tls.CertificateVerificationError
		require.ErrorAs(t, err, &certificate)
	})
	t.Run("a server without TLS is detected", func(t *testing.T) {
		t.Parallel()
		_, err := ami.Dial(testContext(t), newServer(t, nil).Addr(), opts)
		require.ErrorIs(t, err, ami.ErrNotAMI)
	})
}

func TestDial_rejectsOtherProtocols(t *testing.T) {
	t.Parallel()
	for name, banner := range map[string]string{
		"another protocol": "SSH-2.0-OpenSSH_10.0",
		"no line end":      strings.Repeat("x", 5000),
		"an empty line":    "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, &amitest.Options{Banner: banner + "\r\n"})
			_, err := ami.Dial(testContext(t), server.Addr(), testOptions(t))
			require.ErrorIs(t, err, ami.ErrNotAMI)
			require.NotErrorIs(t, err, ami.ErrUnreachable)
		})
	}
}

func TestDial_acceptsBannersOfAllVersions(t *testing.T) {
	t.Parallel()
	for _, banner := range []string{
		"Asterisk Call Manager/5.0.5", "Asterisk Call Manager/13.0.0", "Asterisk Call Manager/1.0",
		"Asterisk Manager Proxy/1.21",
	} {
		t.Run(banner, func(t *testing.T) {
			t.Parallel()
			dial(t, newServer(t, &amitest.Options{Banner: banner}), testOptions(t))
		})
	}
}

// serveRaw listens and calls serve for each connection.
func serveRaw(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestDial_unreachable(t *testing.T) {
	t.Parallel()
	closed := serveRaw(t, func(net.Conn) {})
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())
	silent := serveRaw(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
	mute := serveRaw(t, func(c net.Conn) {
		_, _ = c.Write([]byte("Asterisk Call Manager/11.0.0\r\n"))
		_, _ = c.Read(make([]byte, 1024))
		_, _ = c.Read(make([]byte, 1024))
	})
	for name, addr := range map[string]string{
		"nobody listens": gone.Addr().String(), "closed without a greeting": closed,
		"no greeting in time": silent, "no answer to the login in time": mute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := testOptions(t)
			opts.DialTimeout = 200 * time.Millisecond
			_, err := ami.Dial(testContext(t), addr, opts)
			var unreachable *ami.UnreachableError
			require.ErrorAs(t, err, &unreachable)
			require.ErrorIs(t, err, ami.ErrUnreachable)
			require.Equal(t, addr, unreachable.Address)
		})
	}
}

func TestDial_honorsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	addr := serveRaw(t, func(c net.Conn) {
		cancel()
		_, _ = c.Read(make([]byte, 1))
	})
	_, err := ami.Dial(ctx, addr, testOptions(t))
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ami.ErrUnreachable)
}

func TestDial_distinguishesLoginErrors(t *testing.T) {
	t.Parallel()
	server := newServer(t, &amitest.Options{Accounts: []amitest.Account{
		{Name: "test", Secret: "hunter2"},
		{Name: "elsewhere", Secret: "hunter2", Denied: true},
		{Name: "single", Secret: "hunter2", OneSession: true},
	}})
	first := testOptions(t)
	first.Username, first.Secret = "single", store.NewSecret("hunter2")
	dial(t, server, first)
	for _, method := range []ami.LoginMethod{ami.MD5Challenge, ami.PlainText} {
		for _, c := range []struct {
			name, user, secret string
			want               error
		}{
			{"wrong secret", "test", "s3cr3t-wrong", ami.ErrAuthentication},
			{"no such account", "nobody", "hunter2", ami.ErrAuthentication},
			{"address not permitted", "elsewhere", "hunter2", ami.ErrAuthentication},
			{"in use", "single", "hunter2", ami.ErrAlreadyLoggedIn},
		} {
			t.Run(fmt.Sprint(c.name, method), func(t *testing.T) {
				t.Parallel()
				opts := testOptions(t)
				opts.Login, opts.Username, opts.Secret = method, c.user, store.NewSecret(c.secret)
				local, err := ami.CheckLogin(testContext(t), server.Addr(), opts)
				require.ErrorIs(t, err, c.want)
				require.NotContains(t, err.Error(), c.secret)
				require.True(t, local.Addr().IsLoopback())
				require.NotZero(t, local.Port())
			})
		}
	}
}

func TestCheckLogin(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	from := make(chan string, 1)
	server.Handle("Logoff", func(c *amitest.Conn, r *amitest.Request) {
		from <- c.RemoteAddr().String()
		c.Respond(r, "Goodbye")
		c.Close()
	})
	local, err := ami.CheckLogin(testContext(t), server.Addr(), testOptions(t))
	require.NoError(t, err)
	require.Equal(t, receive(t, from), local.String())
}

func TestCheckLogin_noAddressWithoutConnection(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	server.Stop()
	local, err := ami.CheckLogin(testContext(t), server.Addr(), testOptions(t))
	require.ErrorIs(t, err, ami.ErrUnreachable)
	require.False(t, local.IsValid())
	server.Start()
}

func TestDial_rejectsInvalidOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change      func(*ami.Options)
		field, code string
	}{
		"no name":            {func(o *ami.Options) { o.Username = "" }, "username", "required"},
		"line break in name": {func(o *ami.Options) { o.Username = "a\r\nAction: Logoff" }, "username", "control_character"},
		"line break in mask": {func(o *ami.Options) { o.Events = "on\nx: y" }, "events", "control_character"},
		"NUL in the secret": {func(o *ami.Options) {
			o.Login, o.Secret = ami.PlainText, store.NewSecret("a\x00b")
		}, "secret", "control_character"},
		"long secret": {func(o *ami.Options) {
			o.Login, o.Secret = ami.PlainText, store.NewSecret(strings.Repeat("x", 1015))
		}, "secret", "max"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := testOptions(t)
			c.change(opts)
			_, err := ami.Dial(testContext(t), "127.0.0.1:1", opts)
			var invalid *store.InvalidError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Fields, 1)
			require.Equal(t, c.field, invalid.Fields[0].Field)
			require.Equal(t, c.code, invalid.Fields[0].Code)
			_, err = ami.CheckLogin(testContext(t), "127.0.0.1:1", opts)
			require.ErrorIs(t, err, store.ErrInvalid)
		})
	}
}

func TestDial_addsDefaultPort(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"pbx": "pbx:5038", "192.0.2.1": "192.0.2.1:5038", "2001:db8::1": "[2001:db8::1]:5038", "[2001:db8::1]": "[2001:db8::1]:5038",
		"pbx:1": "pbx:1", "[2001:db8::1]:1": "[2001:db8::1]:1",
	} {
		opts := testOptions(t)
		opts.Dial = func(_ context.Context, _, address string) (net.Conn, error) {
			require.Equal(t, want, address)
			return nil, io.EOF
		}
		_, err := ami.Dial(testContext(t), addr, opts)
		require.ErrorIs(t, err, ami.ErrUnreachable)
		require.ErrorIs(t, err, io.EOF)
		require.ErrorContains(t, err, want)
	}
	opts := testOptions(t)
	opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	opts.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }
	_, err := ami.Dial(testContext(t), "pbx", opts)
	require.ErrorContains(t, err, "pbx:5039")
}

func TestDial_nilOptionsLackUsername(t *testing.T) {
	t.Parallel()
	_, err := ami.Dial(testContext(t), "127.0.0.1", nil)
	require.ErrorIs(t, err, store.ErrInvalid)
}

func TestDial_toleratesIrregularLoginResponses(t *testing.T) {
	t.Parallel()
	booted := "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"
	for name, answer := range map[string]func(c *amitest.Conn, r *amitest.Request){
		"no ActionID":     func(c *amitest.Conn, _ *amitest.Request) { c.Write("Response: Success\r\n\r\n") },
		"bare LF":         func(c *amitest.Conn, _ *amitest.Request) { c.Write("Response: Success\n\n") },
		"empty messages":  func(c *amitest.Conn, r *amitest.Request) { c.Write("\r\n\n\r\n"); c.Succeed(r); c.Write("\r\n\r\n") },
		"booted before":   func(c *amitest.Conn, r *amitest.Request) { c.Write(booted); c.Succeed(r) },
		"booted after":    func(c *amitest.Conn, r *amitest.Request) { c.Succeed(r); c.Write(booted) },
		"nonsense before": func(c *amitest.Conn, r *amitest.Request) { c.Write("what\r\nis: this\r\n\r\n"); c.Succeed(r) },
		"another's response": func(c *amitest.Conn, r *amitest.Request) {
			c.Write("Response: Error\r\nActionID: x\r\n\r\n")
			c.Succeed(r)
		},
		"many events at once": func(c *amitest.Conn, r *amitest.Request) { c.Write(strings.Repeat(booted, 500)); c.Succeed(r) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t, nil)
			server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
				c.Authenticate(amitest.Account{Name: "test"}, r)
				answer(c, r)
			})
			opts := testOptions(t)
			opts.Login = ami.PlainText
			client := dial(t, server, opts)
			_, err := client.Do(testContext(t), action("Ping"))
			require.NoError(t, err)
		})
	}
}

func TestDial_limitsLoginResponse(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	server.Handle("Login", func(c *amitest.Conn, _ *amitest.Request) {
		c.Write("Response: Success\r\n" + strings.Repeat("Filler: x\r\n", 20_000) + "\r\n")
	})
	_, err := ami.Dial(testContext(t), server.Addr(), testOptions(t))
	require.ErrorIs(t, err, ami.ErrNotAMI)
}

func TestDial_rejectsEmptyChallenge(t *testing.T) {
	t.Parallel()
	server := newServer(t, nil)
	server.Handle("Challenge", func(c *amitest.Conn, r *amitest.Request) { c.Succeed(r) })
	_, err := ami.Dial(testContext(t), server.Addr(), testOptions(t))
	require.ErrorIs(t, err, ami.ErrNotAMI)
}

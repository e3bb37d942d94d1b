package manager_test

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/ami/amitest"
	"github.com/pbxusers/pbxusers/store"
)

// fakePBX starts a fake Asterisk that has the account crm with goodSecret.
func fakePBX(t testing.TB, opts *amitest.Options) *amitest.Server {
	t.Helper()
	given := amitest.Options{}
	if opts != nil {
		given = *opts
	}
	given.Accounts = append(given.Accounts, amitest.Account{Name: "crm", Secret: goodSecret})
	server := amitest.NewServer(&given)
	t.Cleanup(server.Close)
	return server
}

// program listens and does with a connection what serve does.
func program(t *testing.T, serve func(conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serve(conn)
			_ = conn.Close()
		}
	}()
	return listener.Addr().String()
}

func TestProbe_wordsWhatItMeets(t *testing.T) {
	t.Parallel()
	asterisk := fakePBX(t, nil).Addr()
	other := fakePBX(t, &amitest.Options{Accounts: []amitest.Account{{Name: "witness", Secret: goodSecret}}}).Addr()
	mail := program(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220 mail.example.com ESMTP\r\n")) })
	closed := program(t, func(net.Conn) {})
	const (
		works       = "The account can log in from 127.0.0.1."
		silent      = "Asterisk refused the login and does not say why: "
		unknown     = silent + "the account may not be applied yet, its secret may be another one, or its named list may not hold this address."
		notAMI      = "What answers at this address is not the Asterisk Manager Interface: check the port and the use of TLS."
		unreachable = "Nothing answers at this address: check host and port, bindaddr and enabled in manager.conf, and the firewall."
	)
	wrong := store.NewSecret("another good secret")
	for _, test := range []struct {
		name    string
		account manager.User
		opts    manager.ProbeOptions
		want    manager.ProbeResult
	}{
		{"success", manager.User{}, manager.ProbeOptions{Address: asterisk}, manager.ProbeResult{Outcome: manager.LoggedIn, Message: works}},
		{"a mail server", manager.User{}, manager.ProbeOptions{Address: mail}, manager.ProbeResult{Outcome: manager.NotAMI, Message: notAMI}},
		{"a program that hangs up", manager.User{}, manager.ProbeOptions{Address: closed}, manager.ProbeResult{Outcome: manager.Unreachable, Message: unreachable}},
		{"nobody", manager.User{}, manager.ProbeOptions{Address: "127.0.0.1:1"}, manager.ProbeResult{Outcome: manager.Unreachable, Message: unreachable}},
		{"no such host", manager.User{}, manager.ProbeOptions{Address: "host.invalid:5038"}, manager.ProbeResult{Outcome: manager.Unreachable, Message: unreachable}},
		{"refused", manager.User{}, manager.ProbeOptions{Address: asterisk, Secret: wrong}, manager.ProbeResult{Outcome: manager.Refused, Message: unknown}},
		{
			"refused, and disabled", manager.User{Disabled: true, Permit: networks(t, "192.0.2.1")}, manager.ProbeOptions{Address: asterisk, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Refused, Message: silent + "the account is disabled."},
		},
		{
			"refused, and not permitted", manager.User{Permit: networks(t, "192.0.2.1")}, manager.ProbeOptions{Address: asterisk, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Refused, Message: silent + "probably because the account does not permit 127.0.0.1."},
		},
		{
			"refused, and denied", manager.User{Deny: networks(t, "127.0.0.0/8")}, manager.ProbeOptions{Address: other, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Refused, Message: silent + "probably because the account does not permit 127.0.0.1."},
		},
		{
			"refused, although permitted", manager.User{Permit: networks(t, "127.0.0.1")}, manager.ProbeOptions{Address: asterisk, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Refused, Message: unknown},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, nil)
			u := test.account.Clone()
			u.Name, u.Secret = "crm", store.NewSecret(goodSecret)
			o.make(t, u)
			result, err := o.Probe(t.Context(), "CRM", &test.opts)
			require.NoError(t, err)
			require.Equal(t, &test.want, result)
		})
	}
}

func TestProbe_believesTheEventAboutItsOwnLoginOnly(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]manager.Outcome{
		"FailedACL": manager.AddressRefused, "InvalidAccountID": manager.UnknownAccount,
		"InvalidPassword": manager.WrongSecret, "ChallengeResponseFailed": manager.WrongSecret,
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			server := fakePBX(t, &amitest.Options{Accounts: []amitest.Account{{Name: "witness", Secret: goodSecret}}})
			witness, err := ami.Dial(t.Context(), server.Addr(), &ami.Options{Username: "witness", Secret: store.NewSecret(goodSecret), Events: "security"})
			require.NoError(t, err)
			t.Cleanup(func() { _ = witness.Close() })
			server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
				from := "IPV4/TCP/127.0.0.1/" + port(t, c.RemoteAddr())
				for _, told := range []struct{ name, from string }{
					{"SuccessfulAuth", from}, {"FailedACL", from + "0"}, {"InvalidPassword", "IPV4/TLS/127.0.0.1/1"}, {event, from},
				} {
					server.Event(told.name, ami.Header{Name: "RemoteAddress", Value: told.from})
				}
				c.Fail(r, "Authentication failed")
				c.Close()
			})
			o := newOffice(t, nil)
			o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
			result, err := o.Probe(t.Context(), "crm", &manager.ProbeOptions{Address: server.Addr(), Witness: witness})
			require.NoError(t, err)
			require.Equal(t, want, result.Outcome)
			require.NotEmpty(t, result.Message)
		})
	}
}

func port(t *testing.T, addr net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr.String())
	require.NoError(t, err)
	return port
}

func TestProbe_asksAWitnessThatReceivesEvents(t *testing.T) {
	t.Parallel()
	server := fakePBX(t, nil)
	deaf, err := ami.Dial(t.Context(), server.Addr(), &ami.Options{Username: "crm", Secret: store.NewSecret(goodSecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = deaf.Close() })
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm", Secret: store.NewSecret(goodSecret)})
	_, err = o.Probe(t.Context(), "crm", &manager.ProbeOptions{Address: server.Addr(), Witness: deaf})
	require.ErrorIs(t, err, ami.ErrNoEvents)
}

func TestProbe_endsWithItsContext(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 1)
	release := make(chan struct{})
	silent := program(t, func(net.Conn) {
		reached <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) })
	o := newOffice(t, nil)
	o.make(t, &manager.User{Name: "crm"})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-reached
		cancel()
	}()
	_, err := o.Probe(ctx, "crm", &manager.ProbeOptions{Address: silent})
	require.ErrorIs(t, err, context.Canceled)
	_, err = o.Probe(ctx, "crm", nil)
	require.ErrorIs(t, err, context.Canceled)
	_, err = o.Probe(t.Context(), "nobody", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
}

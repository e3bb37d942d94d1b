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

// newFakeAsterisk starts a fake Asterisk with the account crm and validSecret.
func newFakeAsterisk(t testing.TB, opts *amitest.Options) *amitest.Server {
	t.Helper()
	given := amitest.Options{}
	if opts != nil {
		given = *opts
	}
	given.Accounts = append(given.Accounts, amitest.Account{Name: "crm", Secret: validSecret})
	server := amitest.NewServer(&given)
	t.Cleanup(server.Close)
	return server
}

// serveTCP listens and calls serve for each connection.
func serveTCP(t *testing.T, serve func(conn net.Conn)) string {
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

func TestService_Probe_describesOutcome(t *testing.T) {
	t.Parallel()
	asterisk := newFakeAsterisk(t, nil).Addr()
	other := newFakeAsterisk(t, &amitest.Options{Accounts: []amitest.Account{{Name: "witness", Secret: validSecret}}}).Addr()
	mail := serveTCP(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220 mail.example.com ESMTP\r\n")) })
	closed := serveTCP(t, func(net.Conn) {})
	const (
		works       = "The account can log in from 127.0.0.1."
		silent      = "Asterisk denied the login without a reason: "
		unknown     = silent + "the account may not be applied, its secret may differ, or its named ACL may not permit this address."
		notAMI      = "The program at this address is not the Asterisk Manager Interface: check the port and TLS."
		unreachable = "Nothing answers at this address: check host and port, bindaddr and enabled in manager.conf, and the firewall."
	)
	wrong := store.NewSecret("another good secret")
	for _, test := range []struct {
		name    string
		account manager.Account
		opts    manager.ProbeOptions
		want    manager.ProbeResult
	}{
		{"success", manager.Account{}, manager.ProbeOptions{Address: asterisk}, manager.ProbeResult{Outcome: manager.LoggedIn, Expected: true, Message: works}},
		{"a mail server", manager.Account{}, manager.ProbeOptions{Address: mail}, manager.ProbeResult{Outcome: manager.NotAMI, Message: notAMI}},
		{"a program that hangs up", manager.Account{}, manager.ProbeOptions{Address: closed}, manager.ProbeResult{Outcome: manager.Unreachable, Message: unreachable}},
		{"nobody", manager.Account{}, manager.ProbeOptions{Address: "127.0.0.1:1"}, manager.ProbeResult{Outcome: manager.Unreachable, Message: unreachable}},
		{"no such host", manager.Account{}, manager.ProbeOptions{Address: "host.invalid:5038"}, manager.ProbeResult{Outcome: manager.Unreachable, Message: unreachable}},
		{"denied", manager.Account{}, manager.ProbeOptions{Address: asterisk, Secret: wrong}, manager.ProbeResult{Outcome: manager.Denied, Message: unknown}},
		{
			"denied and disabled", manager.Account{Disabled: true, Permit: mustNetworks(t, "192.0.2.1")}, manager.ProbeOptions{Address: asterisk, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Denied, Message: silent + "the account is disabled."},
		},
		{
			"denied and not permitted", manager.Account{Permit: mustNetworks(t, "192.0.2.1")}, manager.ProbeOptions{Address: asterisk, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Denied, Message: silent + "the account probably does not permit 127.0.0.1."},
		},
		{
			"denied by a deny line", manager.Account{Deny: mustNetworks(t, "127.0.0.0/8")}, manager.ProbeOptions{Address: other, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Denied, Message: silent + "the account probably does not permit 127.0.0.1."},
		},
		{
			"denied although permitted", manager.Account{Permit: mustNetworks(t, "127.0.0.1")}, manager.ProbeOptions{Address: asterisk, Secret: wrong},
			manager.ProbeResult{Outcome: manager.Denied, Message: unknown},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			o := newEnv(t, nil)
			a := test.account.Clone()
			a.Name, a.Secret = "crm", store.NewSecret(validSecret)
			o.mustCreate(t, a)
			result, err := o.Probe(t.Context(), "CRM", &test.opts)
			require.NoError(t, err)
			require.Equal(t, &test.want, result)
		})
	}
}

// denyingAsterisk returns the address of an Asterisk that denies all logins for the reason
// of an event, among the events of other logins, and a client that receives them.
func denyingAsterisk(t *testing.T, event string) (address string, client *ami.Client) {
	t.Helper()
	server := newFakeAsterisk(t, &amitest.Options{Accounts: []amitest.Account{{Name: "witness", Secret: validSecret}}})
	client, err := ami.Dial(t.Context(), server.Addr(), &ami.Options{Username: "witness", Secret: store.NewSecret(validSecret), Events: "security"})
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	server.Handle("Login", func(c *amitest.Conn, r *amitest.Request) {
		from := "IPV4/TCP/127.0.0.1/" + portOf(t, c.RemoteAddr())
		for _, loginEvent := range []struct{ name, from string }{
			{"SuccessfulAuth", from}, {"FailedACL", from + "0"}, {"InvalidPassword", "IPV4/TLS/127.0.0.1/1"}, {event, from},
		} {
			server.Event(loginEvent.name, ami.Header{Name: "RemoteAddress", Value: loginEvent.from})
		}
		c.Fail(r, "Authentication failed")
		c.Close()
	})
	return server.Addr(), client
}

func TestService_Probe_expectsWhatTheRecordSays(t *testing.T) {
	t.Parallel()
	for event, accounts := range map[string]map[bool]*manager.Account{
		"FailedACL":        {true: {Permit: mustNetworks(t, "192.0.2.1")}, false: {Permit: mustNetworks(t, "127.0.0.1")}},
		"InvalidAccountID": {true: {Disabled: true}, false: {}},
		"InvalidPassword":  {false: {Disabled: true}},
	} {
		for expected, account := range accounts {
			o := newEnv(t, nil)
			account.Name, account.Secret = "crm", store.NewSecret(validSecret)
			o.mustCreate(t, account)
			address, client := denyingAsterisk(t, event)
			result, err := o.Probe(t.Context(), "crm", &manager.ProbeOptions{Address: address, SecurityEvents: client})
			require.NoError(t, err)
			require.Equal(t, expected, result.Expected, event)
		}
	}
}

func TestService_Probe_usesEventOfOwnLoginOnly(t *testing.T) {
	t.Parallel()
	for event, want := range map[string]manager.ProbeOutcome{
		"FailedACL": manager.AddressDenied, "InvalidAccountID": manager.UnknownAccount,
		"InvalidPassword": manager.WrongSecret, "ChallengeResponseFailed": manager.WrongSecret,
	} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			address, client := denyingAsterisk(t, event)
			o := newEnv(t, nil)
			o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
			result, err := o.Probe(t.Context(), "crm", &manager.ProbeOptions{Address: address, SecurityEvents: client})
			require.NoError(t, err)
			require.Equal(t, want, result.Outcome)
			require.NotEmpty(t, result.Message)
		})
	}
}

func portOf(t *testing.T, addr net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(addr.String())
	require.NoError(t, err)
	return port
}

func TestService_Probe_requiresClientWithEvents(t *testing.T) {
	t.Parallel()
	server := newFakeAsterisk(t, nil)
	deaf, err := ami.Dial(t.Context(), server.Addr(), &ami.Options{Username: "crm", Secret: store.NewSecret(validSecret)})
	require.NoError(t, err)
	t.Cleanup(func() { _ = deaf.Close() })
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "crm", Secret: store.NewSecret(validSecret)})
	_, err = o.Probe(t.Context(), "crm", &manager.ProbeOptions{Address: server.Addr(), SecurityEvents: deaf})
	require.ErrorIs(t, err, ami.ErrNoEvents)
}

func TestService_Probe_honorsContext(t *testing.T) {
	t.Parallel()
	reached := make(chan struct{}, 1)
	release := make(chan struct{})
	silent := serveTCP(t, func(net.Conn) {
		reached <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) })
	o := newEnv(t, nil)
	o.mustCreate(t, &manager.Account{Name: "crm"})
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

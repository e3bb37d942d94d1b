// Package phone is a SIP phone for tests, on a port of 127.0.0.1: it registers at a real
// Asterisk, calls, rings, answers, plays a tone and hears one. It is part of the test
// binary, by emiago/diago, and ends with the test.
package phone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/emiago/diago"
	"github.com/emiago/diago/media"
	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testservers"
)

// stepTimeout bounds what a phone waits for, on a busy machine.
const stepTimeout = 30 * time.Second

// expiry is how long a registration is valid. No test takes longer.
const expiry = time.Hour

// Options of [Start].
type Options struct {
	// Server is the host and port of the SIP server.
	Server string
	// Username and Password are those of the endpoint.
	Username, Password string
	// Name is the display name that the phone sends. Defaults to none.
	Name string
}

// Phone is a phone. It is not registered at first.
type Phone struct {
	opts         Options
	server       sip.Uri
	ua           *sipgo.UserAgent
	dg           *diago.Diago
	ctx          context.Context
	cancel       context.CancelFunc
	registration *diago.RegisterTransaction
	incoming     chan *Call
}

// Start starts a phone that ends with the test.
func Start(t testing.TB, opts *Options) *Phone {
	t.Helper()
	host, port := splitAddress(t, opts.Server)
	_, ownPort := splitAddress(t, testservers.ClaimAddress(t))
	ua, err := sipgo.NewUA(sipgo.WithUserAgent(opts.Username), sipgo.WithUserAgentHostname("127.0.0.1"))
	require.NoError(t, err)
	p := &Phone{opts: *opts, server: sip.Uri{Scheme: "sip", Host: host, Port: port}, ua: ua, incoming: make(chan *Call, 16)}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.dg = diago.NewDiago(ua,
		diago.WithTransport(diago.Transport{Transport: "udp", BindHost: "127.0.0.1", BindPort: ownPort}),
		diago.WithMediaConfig(diago.MediaConfig{Codecs: []media.Codec{media.CodecAudioUlaw, media.CodecTelephoneEvent8000}}),
		diago.WithLogger(slog.New(slog.DiscardHandler)),
	)
	t.Cleanup(p.Vanish)
	require.NoError(t, p.dg.ServeBackground(p.ctx, p.serve))
	waitServing(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(ownPort)))
	return p
}

// waitServing waits until a phone answers. Before, it would open another socket on the
// same port for what it sends.
func waitServing(t testing.TB, address string) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "udp", address)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	require.NoError(t, conn.SetDeadline(time.Now().Add(stepTimeout)))
	_, err = fmt.Fprintf(conn, "OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKready;rport\r\nFrom: <sip:test@127.0.0.1>;tag=ready\r\n"+
		"To: <sip:%s>\r\nCall-ID: ready\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n", address, conn.LocalAddr(), address)
	require.NoError(t, err)
	_, err = conn.Read(make([]byte, 1500))
	require.NoError(t, err, "the phone does not answer")
}

func splitAddress(t testing.TB, address string) (host string, port int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	require.NoError(t, err)
	port, err = strconv.Atoi(text)
	require.NoError(t, err)
	return host, port
}

// Vanish switches the phone off: it no longer answers, and does not unregister.
func (p *Phone) Vanish() {
	p.cancel()
	_ = p.ua.Close()
}

// serve hands an incoming call to the test, and returns when it has ended.
func (p *Phone) serve(dialog *diago.DialogServerSession) {
	call := &Call{phone: p, dialog: dialog, server: dialog, answered: make(chan struct{})}
	select {
	case p.incoming <- call:
	case <-p.ctx.Done():
		return
	}
	select {
	case <-dialog.Context().Done():
	case <-p.ctx.Done():
	}
}

// Register registers the phone.
func (p *Phone) Register(t testing.TB) {
	t.Helper()
	require.NoError(t, p.TryRegister(t.Context()))
}

// TryRegister registers the phone. It returns a [StatusError] if the server refuses it.
func (p *Phone) TryRegister(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	server := p.server
	server.User = p.opts.Username
	registration, err := p.dg.RegisterTransaction(ctx, server, diago.RegisterOptions{
		Username: p.opts.Username, Password: p.opts.Password, Expiry: expiry,
	})
	if err == nil {
		err = registration.Register(ctx)
	}
	if refused, ok := errors.AsType[*diago.RegisterResponseError](err); ok {
		return &StatusError{Code: refused.StatusCode(), Reason: refused.RegisterRes.Reason}
	}
	p.registration = registration
	return err
}

// Unregister ends the registration.
func (p *Phone) Unregister(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stepTimeout)
	defer cancel()
	require.NoError(t, p.registration.Unregister(ctx))
}

// StatusError is a response of the server that is not the wanted one.
type StatusError struct {
	// Code is the status, such as 486, and Reason its text, such as "Busy Here".
	Code   int
	Reason string
}

func (e *StatusError) Error() string { return strconv.Itoa(e.Code) + " " + e.Reason }

// Dial begins a call to a number.
func (p *Phone) Dial(t testing.TB, number string) *Call {
	t.Helper()
	recipient := p.server
	recipient.User = number
	dialog, err := p.dg.NewDialog(recipient, diago.NewDialogOptions{})
	require.NoError(t, err)
	call := &Call{phone: p, dialog: dialog, client: dialog, answered: make(chan struct{})}
	opts := diago.InviteClientOptions{Username: p.opts.Username, Password: p.opts.Password}
	opts.WithCaller(p.opts.Name, p.opts.Username, p.server.Host)
	go func() {
		defer close(call.answered)
		if call.media, call.err = dialog.Invite(p.ctx, opts); call.err == nil {
			call.err = dialog.Ack(p.ctx)
		}
	}()
	t.Cleanup(func() { _ = dialog.Close() })
	return call
}

// Incoming waits for a call, and rings.
func (p *Phone) Incoming(t testing.TB) *Call {
	t.Helper()
	select {
	case call := <-p.incoming:
		require.NoError(t, call.server.Ringing())
		return call
	case <-time.After(stepTimeout):
		require.FailNow(t, "no call came in", p.opts.Username)
		return nil
	}
}

// RequireNoCall requires that no call came in so far.
func (p *Phone) RequireNoCall(t testing.TB) {
	t.Helper()
	require.Empty(t, p.incoming)
}

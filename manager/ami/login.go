package ami

import (
	"context"
	"crypto/md5" //nolint:gosec // the protocol has no other digest
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// logoffWait is how long an orderly end may take.
const logoffWait = 500 * time.Millisecond

// CheckLogin logs in once and off again, and returns the local address that it
// came from, as far as there was a connection, so that the attempt can be
// found in Asterisk's security events; behind network address translation
// Asterisk sees another one. The error is nil when Asterisk let the account
// in, [ErrAuthentication], [ErrAlreadyLoggedIn], [ErrNotAMI] or [ErrUnreachable].
// opts are those of [Dial]; nothing in them makes it try again.
func CheckLogin(ctx context.Context, addr string, opts *Options) (netip.AddrPort, error) {
	l, err := newHandshake(addr, opts)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := l.connect(ctx); err != nil {
		return l.local, err
	}
	l.logoff(logoffWait)
	return l.local, nil
}

// newHandshake returns a link that is not open yet, with ActionIDs of its own.
func newHandshake(addr string, opts *Options) (*handshake, error) {
	o := opts.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	ids := newActionIDs()
	return &handshake{addr: addDefaultPort(addr, o.TLS != nil), opts: &o, newID: ids.next}, nil
}

// login proves the secret in the way that the options ask for.
func (l *handshake) login() error {
	login := Action{Name: "Login", Headers: []Header{
		{Name: "Username", Value: l.opts.Username},
		{Name: "Events", Value: l.opts.Events},
	}}
	if l.opts.Login == PlainText {
		login.Headers = append(login.Headers, Header{Name: "Secret", Value: l.opts.Secret.Reveal()})
	} else {
		// The user name makes Asterisk look for another login already here.
		answer, err := l.roundTrip(Action{Name: "Challenge", Headers: []Header{
			{Name: "AuthType", Value: "MD5"}, {Name: "Username", Value: l.opts.Username},
		}})
		if err != nil {
			return err
		}
		challenge := answer.Get("Challenge")
		if challenge == "" {
			return ErrNotAMI
		}
		login.Headers = append(login.Headers,
			Header{Name: "AuthType", Value: "MD5"},
			Header{Name: "Key", Value: digest(challenge, l.opts.Secret.Reveal())})
	}
	_, err := l.roundTrip(login)
	return err
}

// digest is what Asterisk compares a key with (authenticate in
// main/manager.c).
func digest(challenge, secret string) string {
	sum := md5.Sum([]byte(challenge + secret)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// loginError gives the ways in which a login fails their own errors.
func (l *handshake) loginError(err error) error {
	var actionErr *ActionError
	var disconnectedErr *DisconnectedError
	switch {
	case errors.Is(err, ErrTooLarge):
		return ErrNotAMI
	case errors.As(err, &disconnectedErr):
		return &UnreachableError{Address: l.addr, Err: fmt.Errorf("it does not answer the login: %w", disconnectedErr.Err)}
	case !errors.As(err, &actionErr):
		return err
	case strings.EqualFold(actionErr.Message, "Authentication failed"):
		return ErrAuthentication
	case strings.EqualFold(actionErr.Message, "Login Already In Use"):
		return ErrAlreadyLoggedIn
	case actionErr.shutdown():
		return &UnreachableError{Address: l.addr, Err: actionErr}
	}
	return err
}

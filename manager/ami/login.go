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

// logoffWait limits the time of a logoff.
const logoffWait = 500 * time.Millisecond

// CheckLogin logs in once, logs off, and returns the local address of the
// connection, if there was one. The address identifies the attempt in
// Asterisk's security events, unless address translation changes it. CheckLogin
// returns nil if Asterisk accepted the login, or an error wrapping
// [ErrAuthentication], [ErrAlreadyLoggedIn], [ErrNotAMI] or [ErrUnreachable].
// opts are the options of [Dial]. CheckLogin never retries.
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

// newHandshake returns a handshake that is not connected yet, with its own
// ActionIDs.
func newHandshake(addr string, opts *Options) (*handshake, error) {
	o := opts.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	ids := newActionIDs()
	return &handshake{addr: addDefaultPort(addr, o.TLS != nil), opts: &o, newID: ids.next}, nil
}

// login proves the secret with the method in the options.
func (l *handshake) login() error {
	login := Action{Name: "Login", Headers: []Header{
		{Name: "Username", Value: l.opts.Username},
		{Name: "Events", Value: l.opts.Events},
	}}
	if l.opts.Login == PlainText {
		login.Headers = append(login.Headers, Header{Name: "Secret", Value: l.opts.Secret.Reveal()})
	} else {
		// With the username Asterisk checks for another login already here.
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

// digest returns the key that Asterisk expects (authenticate in
// main/manager.c).
func digest(challenge, secret string) string {
	sum := md5.Sum([]byte(challenge + secret)) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// loginError converts the failures of a login into their own errors.
func (l *handshake) loginError(err error) error {
	var actionErr *ActionError
	var disconnectedErr *DisconnectedError
	switch {
	case errors.Is(err, ErrTooLarge):
		return ErrNotAMI
	case errors.As(err, &disconnectedErr):
		return &UnreachableError{Address: l.addr, Err: fmt.Errorf("no answer to the login: %w", disconnectedErr.Err)}
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

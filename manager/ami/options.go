package ami

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// LoginMethod is the way to prove the secret.
type LoginMethod int

const (
	// MD5Challenge sends a digest of the secret and a number from Asterisk, so
	// the secret itself is not sent. The digest is MD5: use TLS on untrusted
	// networks.
	MD5Challenge LoginMethod = iota
	// PlainText sends the secret itself.
	PlainText
)

// Options are the settings of a [Client].
type Options struct {
	// Username is the name of the AMI account. Required.
	Username string
	// Secret is its secret.
	Secret store.Secret
	// Login is the way to prove the secret. Default [MD5Challenge].
	Login LoginMethod
	// TLS is the TLS configuration; nil means plain TCP. An empty ServerName
	// means the host of the address.
	TLS *tls.Config
	// Events selects the events to receive, like the header Events of the
	// login: "on", or classes such as "call,system". Default none.
	Events string
	// Logger logs lost and new connections and, at level debug, unexpected
	// answers. Default none.
	Logger *slog.Logger
	// DialTimeout limits one connection attempt with its login. Default 10
	// seconds. A denied login takes one second, because Asterisk delays the
	// answer.
	DialTimeout time.Duration
	// KeepAlive is the interval of pings while no action is running, and the
	// timeout of a ping. Default 30 seconds; negative means never.
	KeepAlive time.Duration
	// NoReconnect ends the client when its connection is lost. Default false.
	NoReconnect bool
	// MinBackoff and MaxBackoff limit the wait before the next connection
	// attempt, which doubles with each failure. Default half a second and 30
	// seconds.
	MinBackoff, MaxBackoff time.Duration
	// MaxMessage is the maximum size of a message, and of a whole list, in
	// bytes. A larger message ends the connection, and a larger list ends the
	// list only. Default [DefaultMaxMessage].
	MaxMessage int
	// Dial connects to an address. Default a [net.Dialer]; on Linux its
	// connections end if the peer's TCP is silent for KeepAlive, even while an
	// action is running.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// withDefaults returns a copy with all defaults set.
func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	out.Events = cmp.Or(out.Events, "off")
	out.Logger = cmp.Or(out.Logger, slog.New(slog.DiscardHandler))
	out.DialTimeout = cmp.Or(max(out.DialTimeout, 0), 10*time.Second)
	out.KeepAlive = cmp.Or(out.KeepAlive, 30*time.Second)
	out.MinBackoff = cmp.Or(max(out.MinBackoff, 0), 500*time.Millisecond)
	out.MaxBackoff = max(cmp.Or(max(out.MaxBackoff, 0), 30*time.Second), out.MinBackoff)
	out.MaxMessage = cmp.Or(max(out.MaxMessage, 0), DefaultMaxMessage)
	if out.Dial == nil {
		out.Dial = newDialer(out.KeepAlive).DialContext
	}
	return out
}

// validate returns a [store.InvalidError] for options that cannot be sent.
func (o *Options) validate() error {
	var errs []store.FieldError
	checkField := func(field, header, value string) {
		if code, message := checkValue(header, value); code != "" {
			errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
		}
	}
	if o.Username == "" {
		errs = append(errs, store.FieldError{Field: "username", Code: store.CodeRequired, Message: "the name of an AMI account is required"})
	}
	checkField("username", "Username", o.Username)
	checkField("events", "Events", o.Events)
	if o.Login == PlainText {
		checkField("secret", "Secret", o.Secret.Reveal())
	}
	return store.NewInvalidError(errs...)
}

// wantsEvents reports whether the login requests events.
func (o *Options) wantsEvents() bool { return o.Events != "off" }

// addDefaultPort adds Asterisk's default port to an address without a port.
func addDefaultPort(addr string, overTLS bool) string {
	if _, _, err := net.SplitHostPort(addr); err == nil {
		return addr
	}
	port := "5038"
	if overTLS {
		port = "5039"
	}
	return net.JoinHostPort(strings.Trim(addr, "[]"), port)
}

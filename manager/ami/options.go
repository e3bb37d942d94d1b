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

// LoginMethod says how the secret is proven.
type LoginMethod int

const (
	// MD5Challenge sends a digest of the secret and a number that Asterisk
	// chose, so the secret itself does not cross the network. The digest is
	// MD5: use TLS where somebody may listen.
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
	// Login is the way to prove the secret. Defaults to [MD5Challenge].
	Login LoginMethod
	// TLS is the configuration of TLS; nil means plain TCP. An empty
	// ServerName is taken from the address.
	TLS *tls.Config
	// Events selects what Asterisk reports by itself, as the header Events
	// of the login does: "on", or classes such as "call,system". Defaults to
	// none.
	Events string
	// Logger is told of lost and new connections and, at level debug, of
	// answers that nobody waits for. Defaults to none.
	Logger *slog.Logger
	// DialTimeout bounds one connection with its login, when the context
	// does not end before. Defaults to 10 seconds. A refused login takes one,
	// because Asterisk waits before it answers.
	DialTimeout time.Duration
	// KeepAlive is how often a ping is sent when no action waits, and how
	// long its answer may take before the connection counts as lost.
	// Defaults to 30 seconds; negative means never.
	KeepAlive time.Duration
	// NoReconnect ends the client when its connection is lost. Defaults to
	// false: it connects again.
	NoReconnect bool
	// MinBackoff and MaxBackoff bound the wait before a connection is tried
	// again, which doubles with each failure. They default to half a second
	// and 30 seconds.
	MinBackoff, MaxBackoff time.Duration
	// MaxMessage is the largest message, and the largest list together, in
	// bytes. A larger message ends the connection, a larger list only the
	// list. Defaults to [DefaultMaxMessage].
	MaxMessage int
	// Dial connects to an address. Defaults to a [net.Dialer] whose
	// connections, on Linux, are lost when the peer's TCP is silent for
	// KeepAlive, whether or not an action waits.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// withDefaults returns a copy with every default filled in.
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

// validate returns a [store.InvalidError] for what cannot be sent.
func (o *Options) validate() error {
	var errs []store.FieldError
	checkField := func(field, header, value string) {
		if code, message := checkValue(header, value); code != "" {
			errs = append(errs, store.FieldError{Field: field, Code: code, Message: message})
		}
	}
	if o.Username == "" {
		errs = append(errs, store.FieldError{Field: "username", Code: "required", Message: "a login needs the name of an AMI account"})
	}
	checkField("username", "Username", o.Username)
	checkField("events", "Events", o.Events)
	if o.Login == PlainText {
		checkField("secret", "Secret", o.Secret.Reveal())
	}
	return store.NewInvalidError(errs...)
}

// wantsEvents reports whether the login asks for events.
func (o *Options) wantsEvents() bool { return o.Events != "off" }

// addDefaultPort adds the port that Asterisk listens on by default to an address
// that has none.
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

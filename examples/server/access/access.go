// Package access knows who visits the reference server: it logs administrators
// in and out, keeps their sessions in the store, and says what they may do. It
// draws no page and speaks no API; packages web and api do.
package access

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// ErrLoginRequired means that nobody is logged in.
var ErrLoginRequired = errors.New("log in first")

// CookieName is that of the cookie with the token of a session.
const CookieName = "pbxusers_session"

// Options of [New].
type Options struct {
	// Secure marks cookies for https only. Defaults to http too.
	Secure bool
	// TrustedProxies are where X-Forwarded-For is believed from. Defaults to
	// nowhere.
	TrustedProxies []netip.Prefix
	// Lifetime ends a session at the latest, and Idle when nothing was asked
	// for so long. Default to 12 hours and 1 hour.
	Lifetime, Idle time.Duration
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// HandleError answers a request whose session cannot be read or kept because
	// of err. Defaults to status 500 and no details.
	HandleError func(w http.ResponseWriter, r *http.Request, err error)
}

// Manager lets visitors in.
type Manager struct {
	// SCS hold what pages remember of a visitor. The keys that begin
	// with "access." are the gate's own. A login begins with an empty one.
	SCS *scs.SessionManager

	// scsNoIdle is Sessions without the idle timeout, with which scs would
	// write every session at every request; see sessionStore.
	scsNoIdle      scs.SessionManager
	site           *app.App
	trustedProxies []netip.Prefix
	lifetime       time.Duration
	clock          func() time.Time
	handleError    func(w http.ResponseWriter, r *http.Request, err error)
}

// New returns the gate of s.
func New(s *app.App, opts *Options) *Manager {
	if opts == nil {
		opts = &Options{}
	}
	m := &Manager{
		site:           s,
		trustedProxies: opts.TrustedProxies,
		lifetime:       cmp.Or(opts.Lifetime, 12*time.Hour),
		clock:          opts.Clock,
		handleError:    opts.HandleError,
	}
	if m.clock == nil {
		m.clock = time.Now
	}
	if m.handleError == nil {
		m.handleError = func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "something went wrong", http.StatusInternalServerError)
		}
	}
	idle := cmp.Or(opts.Idle, time.Hour)
	// Without scs.New, whose own store would sweep in the background for ever.
	m.SCS = &scs.SessionManager{
		Store: &sessionStore{ttl: s.TTLStore, idle: idle, clock: m.clock}, Codec: scs.GobCodec{},
		Lifetime: m.lifetime, HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Name: CookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: opts.Secure,
		},
	}
	m.scsNoIdle = *m.SCS
	m.SCS.IdleTimeout = idle
	return m
}

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

	"github.com/pbxusers/pbxusers/examples/internal/site"
)

// ErrLoginNeeded means that nobody is logged in.
var ErrLoginNeeded = errors.New("log in first")

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
	// Failed answers a request whose session cannot be read or kept because
	// of err. Defaults to status 500 and no details.
	Failed func(w http.ResponseWriter, r *http.Request, err error)
}

// Gate lets visitors in.
type Gate struct {
	// Sessions hold what pages remember of a visitor. The keys that begin
	// with "access." are the gate's own. A login begins with an empty one.
	Sessions *scs.SessionManager

	// unwatched is Sessions without the idle timeout, with which scs would
	// write every session at every request; see vaultStore.
	unwatched scs.SessionManager
	site      *site.Site
	proxies   []netip.Prefix
	lifetime  time.Duration
	clock     func() time.Time
	failed    func(w http.ResponseWriter, r *http.Request, err error)
}

// New returns the gate of s.
func New(s *site.Site, opts *Options) *Gate {
	if opts == nil {
		opts = &Options{}
	}
	g := &Gate{
		site:     s,
		proxies:  opts.TrustedProxies,
		lifetime: cmp.Or(opts.Lifetime, 12*time.Hour),
		clock:    opts.Clock,
		failed:   opts.Failed,
	}
	if g.clock == nil {
		g.clock = time.Now
	}
	if g.failed == nil {
		g.failed = func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "something went wrong", http.StatusInternalServerError)
		}
	}
	idle := cmp.Or(opts.Idle, time.Hour)
	// Without scs.New, whose own store would sweep in the background for ever.
	g.Sessions = &scs.SessionManager{
		Store: &vaultStore{vault: s.Vault, idle: idle, clock: g.clock}, Codec: scs.GobCodec{},
		Lifetime: g.lifetime, HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Name: CookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: opts.Secure,
		},
	}
	g.unwatched = *g.Sessions
	g.Sessions.IdleTimeout = idle
	return g
}

// Package access authenticates the administrators of the reference server: it
// logs them in and out, stores their sessions, and checks their access. Packages
// web and api answer the requests.
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

// ErrLoginRequired means that the request has no administrator.
var ErrLoginRequired = errors.New("log in first")

// CookieName is the name of the cookie with the token of a session, without the
// prefix that [Manager.CookieName] adds.
const CookieName = "pbxusers_session"

// Options of [New].
type Options struct {
	// Secure marks cookies for https only, and gives them the prefix __Host-.
	// Defaults to false.
	Secure bool
	// TrustedProxies are the proxies whose X-Forwarded-For is trusted. Defaults
	// to none.
	TrustedProxies []netip.Prefix
	// Lifetime is the longest duration of a session, and Idle the longest time
	// without a request. They default to 12 hours and 1 hour.
	Lifetime, Idle time.Duration
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// HandleError answers a request whose session cannot be read or stored
	// because of err. Defaults to status 500 without details.
	HandleError func(w http.ResponseWriter, r *http.Request, err error)
}

// Manager manages sessions and logins.
type Manager struct {
	// SCS holds the values that pages store in a session. Keys that start with
	// "access." belong to this package. A login starts with an empty session.
	SCS *scs.SessionManager
	// IdleTimeout is Options.Idle. It is not in SCS, which would write every session
	// at every request then; see sessionStore.
	IdleTimeout time.Duration

	site           *app.App
	trustedProxies []netip.Prefix
	clock          func() time.Time
	handleError    func(w http.ResponseWriter, r *http.Request, err error)
}

// New returns the manager of s.
func New(s *app.App, opts *Options) *Manager {
	if opts == nil {
		opts = &Options{}
	}
	m := &Manager{
		IdleTimeout:    cmp.Or(opts.Idle, time.Hour),
		site:           s,
		trustedProxies: opts.TrustedProxies,
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
	// scs.New would start a store of its own, which deletes expired sessions in
	// the background.
	m.SCS = &scs.SessionManager{
		Store: &sessionStore{ttl: s.TTLStore, idle: m.IdleTimeout, clock: m.clock}, Codec: scs.GobCodec{},
		Lifetime: cmp.Or(opts.Lifetime, 12*time.Hour), HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Name: cookieName(CookieName, opts.Secure), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: opts.Secure,
		},
	}
	return m
}

// CookieName returns the name of a cookie. Over https, browsers accept a cookie with
// the prefix __Host- from this host only, so that another host of the domain, or
// somebody on the network, cannot set it.
func (m *Manager) CookieName(name string) string { return cookieName(name, m.SCS.Cookie.Secure) }

func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

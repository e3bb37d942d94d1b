// Package websession keeps administrators of package ampusers logged in over HTTP: it
// logs them in and out, stores their sessions, and checks their access. Pages and an
// API can share its sessions: browsers send a cookie, programs a bearer token.
//
// [New] returns a [Manager]. [Manager.Handler] wraps the handlers of a product;
// inside, [Manager.LogIn] and [Manager.ConfirmMFA] log in, [Manager.Require] checks the
// access to a section, and [Manager.Administrator] returns the administrator with
// current rights, also to a handler that serves visitors. [Manager.Sessions] lists the
// sessions of an administrator, who ends them with [Manager.EndSession].
//
// [Origin] protects the sessions against pages of other web sites. [Manager.PutSecret]
// keeps a new secret for the page that shows it once, and [Manager.DeviceCookie] the token
// of a browser that has logged in before.
//
// A login starts a session with a new token, which prevents session fixation. The store
// holds the hash of the token. A session ends after [Options].Lifetime, after
// [Options].Idle without a request, and with the sessions of its administrator: when the
// password changes, or the administrator is disabled or deleted.
package websession

import (
	"cmp"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// ErrLoginRequired means that the request has no administrator.
var ErrLoginRequired = errors.New("log in first")

// CookieName is the name of the cookie with the token of a session, without the
// prefix that [Manager.CookieName] adds.
const CookieName = "pbxusers_session"

// Options of [New]. The zero value is valid. New panics if an option is out of range,
// because this is a programming error.
type Options struct {
	// Audit records denied access to sections. Defaults to no audit log.
	Audit *audit.Log
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

	limits         *limits
	ttl            store.TTLStore
	administrators *ampusers.Service
	audit          *audit.Log
	trustedProxies []netip.Prefix
	clock          func() time.Time
	handleError    func(w http.ResponseWriter, r *http.Request, err error)
}

// New returns a manager of the sessions of administrators, which ttlStore holds. opts
// can be nil. New starts nothing in the background: the owner of ttlStore deletes
// expired values, see [store.SweepExpired].
func New(administrators *ampusers.Service, ttlStore store.TTLStore, opts *Options) *Manager {
	if opts == nil {
		opts = &Options{}
	}
	m := &Manager{
		limits:         &limits{},
		ttl:            ttlStore,
		administrators: administrators,
		audit:          opts.Audit,
		trustedProxies: slices.Clone(opts.TrustedProxies),
		clock:          opts.Clock,
		handleError:    opts.HandleError,
	}
	m.SetLimits(opts.Lifetime, opts.Idle)
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
		Store: &sessionStore{ttl: ttlStore, limits: m.limits, clock: m.clock}, Codec: scs.GobCodec{},
		Lifetime: maxLifetime, HashTokenInStore: true,
		Cookie: scs.SessionCookie{
			Name: cookieName(CookieName, opts.Secure), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: opts.Secure,
		},
	}
	return m
}

// maxLifetime is the deadline that scs gives a session before this package sets that of
// [Options].Lifetime.
const maxLifetime = 365 * 24 * time.Hour

// limits are the present limits of sessions, in nanoseconds.
type limits struct{ lifetime, idle atomic.Int64 }

// SetLimits replaces [Options].Lifetime and Idle; 0 is the default. The lifetime is that
// of later logins. The idle timeout applies to a session from its next request on. SetLimits
// panics if a limit is negative.
func (m *Manager) SetLimits(lifetime, idle time.Duration) {
	if lifetime < 0 || idle < 0 {
		panic("websession: the lifetime or the idle timeout is negative")
	}
	m.limits.lifetime.Store(int64(cmp.Or(lifetime, defaultLifetime)))
	m.limits.idle.Store(int64(cmp.Or(idle, defaultIdle)))
}

const (
	defaultLifetime = 12 * time.Hour
	defaultIdle     = time.Hour
)

// Lifetime returns the longest duration of a session that begins now.
func (m *Manager) Lifetime() time.Duration { return time.Duration(m.limits.lifetime.Load()) }

// IdleTimeout returns the longest time of a session without a request. It is not in SCS,
// which would write every session at every request then; see sessionStore.
func (m *Manager) IdleTimeout() time.Duration { return time.Duration(m.limits.idle.Load()) }

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

package websession

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Keys of this package in a session.
const (
	keyUsername = "access.username"
	keyEpoch    = "access.generation"
	keyLastSeen = "access.seen"
)

// lastSeenInterval is the shortest time between two writes of a session that is
// only read.
const lastSeenInterval = time.Minute

// saveTimeout bounds the time to store a session.
const saveTimeout = 10 * time.Second

// Handler loads the session of a request from its cookie or, for programs, from
// "Authorization: Bearer TOKEN", and stores the changes that next makes. The
// context of next has the administrator ([Manager.Administrator]), the actor of
// package audit, and a precondition ([audit.WithPrecondition]): a change is forbidden
// if the session has ended since the request began, or if the administrator lost access
// to a section of [Manager.Require]. A bearer token takes precedence over a cookie, even
// if it has expired; no cookie is set then. Requests that store nothing get no session.
//
// The session is stored just before next starts to answer: later changes are
// lost. It is stored even if the client is gone, which may repeat its request. When next
// panics, nothing is stored.
func (m *Manager) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie, Authorization")
		ctx, err := m.loadSession(r.Context(), r)
		if err != nil {
			m.handleError(w, r, err)
			return
		}
		r = r.WithContext(audit.WithPrecondition(ctx, m.requireCurrent))
		rw := &responseWriter{ResponseWriter: w, beforeWrite: func() bool { return m.saveSession(w, r) }}
		next.ServeHTTP(rw, r)
		rw.start()
	})
}

// loadSession finds the session and the administrator of a request.
func (m *Manager) loadSession(ctx context.Context, r *http.Request) (context.Context, error) {
	v := &requestState{remoteAddr: m.clientAddr(r), userAgent: r.UserAgent()}
	v.readToken(r, m.SCS.Cookie.Name)
	ctx, err := m.SCS.Load(context.WithValue(ctx, requestStateKey{}, v), v.token)
	if err != nil {
		return nil, err
	}
	actor := audit.Actor{Kind: audit.Anonymous, RemoteAddr: v.remoteAddr}
	if username := m.SCS.GetString(ctx, keyUsername); username != "" {
		a, err := m.administrators.Session(ctx, username, m.SCS.GetInt64(ctx, keyEpoch))
		if errors.Is(err, store.ErrNotFound) {
			return audit.WithActor(ctx, actor), nil
		}
		if err != nil {
			return nil, err
		}
		v.admin.Store(a)
		actor.Kind, actor.Name = audit.Administrator, a.Username
	}
	m.updateLastSeen(ctx, v)
	return audit.WithActor(ctx, actor), nil
}

// updateLastSeen extends a session that is in use.
func (m *Manager) updateLastSeen(ctx context.Context, v *requestState) {
	lastSeen := time.Unix(m.SCS.GetInt64(ctx, keyLastSeen), 0)
	if v.foundHash != "" && m.clock().Sub(lastSeen) >= lastSeenInterval {
		m.putLastSeen(ctx, v)
	}
}

// putLastSeen stores the time and the address of the request in the session.
func (m *Manager) putLastSeen(ctx context.Context, v *requestState) {
	m.SCS.Put(ctx, keyLastSeen, m.clock().Unix())
	if v.remoteAddr.IsValid() {
		m.SCS.Put(ctx, keyRemoteAddr, v.remoteAddr.String())
	}
}

// saveSession stores the session and sends its token. It returns false when that
// failed; the error was answered then.
func (m *Manager) saveSession(w http.ResponseWriter, r *http.Request) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), saveTimeout)
	defer cancel()
	if err := m.commit(ctx, w); err != nil {
		w.Header().Del("Location")
		w.Header().Del("Set-Cookie")
		m.handleError(w, r, err)
		return false
	}
	return true
}

func (m *Manager) commit(ctx context.Context, w http.ResponseWriter) error {
	v := stateFromContext(ctx)
	token, expiry := "", time.Time{}
	switch m.SCS.Status(ctx) {
	case scs.Unmodified:
		return nil
	case scs.Modified:
		if m.SCS.Token(ctx) == "" {
			m.SCS.SetDeadline(ctx, m.clock().Add(m.Lifetime()))
		}
		var err error
		if token, expiry, err = m.SCS.Commit(ctx); err != nil {
			return err
		}
	case scs.Destroyed:
	}
	if !v.isBearer && token != v.token {
		m.SCS.WriteSessionCookie(ctx, w, token, expiry)
	}
	return nil
}

// responseWriter calls beforeWrite just before the first byte of a response.
type responseWriter struct {
	http.ResponseWriter
	beforeWrite func() bool
	started     bool
	// discard drops the response: another one was sent.
	discard bool
}

// start calls beforeWrite if necessary. It returns false if the response is dropped.
func (rw *responseWriter) start() bool {
	if !rw.started {
		rw.started = true
		rw.discard = !rw.beforeWrite()
	}
	return !rw.discard
}

func (rw *responseWriter) WriteHeader(status int) {
	if rw.start() {
		rw.ResponseWriter.WriteHeader(status)
	}
}

func (rw *responseWriter) Write(p []byte) (int, error) {
	if rw.start() {
		return rw.ResponseWriter.Write(p)
	}
	return len(p), nil
}

func (rw *responseWriter) FlushError() error {
	if rw.start() {
		return http.NewResponseController(rw.ResponseWriter).Flush()
	}
	return nil
}

// Unwrap supports [http.ResponseController].
func (rw *responseWriter) Unwrap() http.ResponseWriter { return rw.ResponseWriter }

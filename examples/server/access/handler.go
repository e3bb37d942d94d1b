package access

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Keys of the gate in a session.
const (
	keyUsername   = "access.username"
	keyGeneration = "access.generation"
	keySeen       = "access.seen"
)

// touchEvery is how often a session that is in use is written, at most: a
// page that is only read costs no write.
const touchEvery = time.Minute

// Handler loads the session of a request, from its cookie or, for programs,
// from "Authorization: Bearer TOKEN", and keeps what next changed in it. In
// the context of next is the visitor ([Gate.Visitor]), and the actor of
// package audit. A token of a program comes before a cookie, also one that has
// ended, and then no cookie is set. Visitors for whom nothing is remembered
// get no session.
//
// The session is kept just before next begins to answer: what it changes
// afterwards is lost. When next panics nothing is kept.
func (g *Gate) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie, Authorization")
		ctx, err := g.enter(r.Context(), r)
		if err != nil {
			g.failed(w, r, err)
			return
		}
		r = r.WithContext(ctx)
		answer := &answer{ResponseWriter: w, begin: func() bool { return g.leave(w, r) }}
		next.ServeHTTP(answer, r)
		answer.started()
	})
}

// enter finds out who visits.
func (g *Gate) enter(ctx context.Context, r *http.Request) (context.Context, error) {
	v := &visit{source: g.sourceOf(r)}
	v.show(r)
	ctx, err := g.unwatched.Load(context.WithValue(ctx, visitKey{}, v), v.token)
	if err != nil {
		return nil, err
	}
	actor := audit.Actor{Kind: audit.Visitor, Source: v.source}
	if username := g.Sessions.GetString(ctx, keyUsername); username != "" {
		a, err := g.site.Administrators.Session(ctx, username, g.Sessions.GetInt64(ctx, keyGeneration))
		if errors.Is(err, store.ErrNotFound) {
			return audit.WithActor(ctx, actor), nil
		}
		if err != nil {
			return nil, err
		}
		v.is(a)
		actor.Kind, actor.Name = audit.Administrator, a.Username
	}
	g.touch(ctx, v)
	return audit.WithActor(ctx, actor), nil
}

// touch keeps a session that is in use from ending as idle.
func (g *Gate) touch(ctx context.Context, v *visit) {
	now := g.clock()
	seen := time.Unix(g.Sessions.GetInt64(ctx, keySeen), 0)
	if v.found != "" && now.Sub(seen) >= touchEvery {
		g.Sessions.Put(ctx, keySeen, now.Unix())
	}
}

// leave keeps the session and tells the visitor its token. It reports false
// when that failed, and was answered.
func (g *Gate) leave(w http.ResponseWriter, r *http.Request) bool {
	if err := g.keep(r.Context(), w); err != nil {
		w.Header().Del("Location")
		w.Header().Del("Set-Cookie")
		g.failed(w, r, err)
		return false
	}
	return true
}

func (g *Gate) keep(ctx context.Context, w http.ResponseWriter) error {
	v := visitOf(ctx)
	token, expiry := "", time.Time{}
	switch g.Sessions.Status(ctx) {
	case scs.Unmodified:
		return nil
	case scs.Modified:
		if g.Sessions.Token(ctx) == "" {
			g.Sessions.SetDeadline(ctx, g.clock().Add(g.lifetime))
		}
		var err error
		if token, expiry, err = g.unwatched.Commit(ctx); err != nil {
			return err
		}
	case scs.Destroyed:
	}
	if !v.program && token != v.token {
		g.Sessions.WriteSessionCookie(ctx, w, token, expiry)
	}
	return nil
}

// answer calls begin just before anything is answered.
type answer struct {
	http.ResponseWriter
	begin func() bool
	begun bool
	// mute drops the answer: another one was given.
	mute bool
}

func (a *answer) started() bool {
	if !a.begun {
		a.begun = true
		a.mute = !a.begin()
	}
	return !a.mute
}

// WriteHeader begins the answer.
func (a *answer) WriteHeader(status int) {
	if a.started() {
		a.ResponseWriter.WriteHeader(status)
	}
}

// Write begins the answer, where it has not begun.
func (a *answer) Write(p []byte) (int, error) {
	if a.started() {
		return a.ResponseWriter.Write(p)
	}
	return len(p), nil
}

// FlushError begins the answer, and sends what there is of it.
func (a *answer) FlushError() error {
	if a.started() {
		return http.NewResponseController(a.ResponseWriter).Flush()
	}
	return nil
}

// Unwrap is for [http.ResponseController].
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

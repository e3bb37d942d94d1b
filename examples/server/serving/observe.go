package serving

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// observation is what is told of a request afterwards.
type observation struct {
	http.ResponseWriter
	// route is the pattern that the path matched, such as
	// "POST /set-password/{token}": a path may hold a secret.
	route  string
	status int
}

type observationKey struct{}

// WriteHeader notes the status.
func (o *observation) WriteHeader(status int) {
	if o.status == 0 && status >= http.StatusOK {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write notes the status that it implies.
func (o *observation) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return o.ResponseWriter.Write(p)
}

// FlushError notes the status that it implies.
func (o *observation) FlushError() error {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return http.NewResponseController(o.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (o *observation) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// observed tells log and metrics of each request, and answers one in which the
// program made a mistake: the server goes on.
func (s *Server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := &observation{ResponseWriter: w, route: "none"}
		r = r.WithContext(context.WithValue(r.Context(), observationKey{}, o))
		defer s.observe(r, o, time.Now())
		defer s.survive(o, r)
		next.ServeHTTP(o, r)
	})
}

// routed notes the route that next has found, unless one further inside did.
func routed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if o, ok := r.Context().Value(observationKey{}).(*observation); ok && o.route == "none" && r.Pattern != "" {
				o.route = r.Pattern
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// survive is deferred, and answers a request whose handler panicked.
func (s *Server) survive(o *observation, r *http.Request) {
	mistake := recover()
	if mistake == nil {
		return
	}
	if mistake == http.ErrAbortHandler { //nolint:errorlint,err113 // it is that very value
		panic(mistake)
	}
	s.log.ErrorContext(r.Context(), "a mistake in the program", "route", o.route, "panic", mistake, "stack", string(debug.Stack()))
	if o.status != 0 {
		// Half an answer must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
	s.refuse(o, r, http.StatusInternalServerError, somethingWrong)
}

func (s *Server) observe(r *http.Request, o *observation, began time.Time) {
	took := time.Since(began)
	if o.status == 0 {
		o.status = http.StatusOK
	}
	s.metrics.observe(o.route, methodLabel(r.Method), o.status, took)
	level := slog.LevelDebug
	if o.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.log.Log(r.Context(), level, "request", "method", methodLabel(r.Method), "route", o.route, "status", o.status, "took", took)
}

// methodLabel returns the method, or "other": anybody can invent one.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

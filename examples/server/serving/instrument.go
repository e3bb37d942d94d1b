package serving

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// responseRecorder records the response for log and metrics.
type responseRecorder struct {
	http.ResponseWriter
	// route is the pattern that the path matched, such as "POST
	// /set-password/{token}". A path may contain a secret.
	route  string
	status int
}

type recorderKey struct{}

func (o *responseRecorder) WriteHeader(status int) {
	if o.status == 0 && status >= http.StatusOK {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

func (o *responseRecorder) Write(p []byte) (int, error) {
	o.status = cmp.Or(o.status, http.StatusOK)
	return o.ResponseWriter.Write(p)
}

func (o *responseRecorder) FlushError() error {
	o.status = cmp.Or(o.status, http.StatusOK)
	return http.NewResponseController(o.ResponseWriter).Flush()
}

// Unwrap supports [http.ResponseController].
func (o *responseRecorder) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// instrument logs and counts each request. It answers a request whose handler
// panics; the server continues.
func (s *Server) instrument(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := &responseRecorder{ResponseWriter: w, route: "none"}
		r = r.WithContext(context.WithValue(r.Context(), recorderKey{}, o))
		defer s.recordRequest(r, o, time.Now())
		defer s.recoverPanic(o, r)
		next.ServeHTTP(o, r)
	})
}

// recordRoute records the route that next has matched, unless an inner handler
// recorded one.
func recordRoute(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if o, ok := r.Context().Value(recorderKey{}).(*responseRecorder); ok && o.route == "none" && r.Pattern != "" {
				o.route = r.Pattern
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// recoverPanic is deferred, and answers a request whose handler panicked.
func (s *Server) recoverPanic(o *responseRecorder, r *http.Request) {
	recovered := recover()
	if recovered == nil {
		return
	}
	if recovered == http.ErrAbortHandler { //nolint:errorlint,err113 // net/http compares it like this
		panic(recovered)
	}
	s.log.ErrorContext(r.Context(), "internal error", "route", o.route, "panic", recovered, "stack", string(debug.Stack()))
	if o.status != 0 {
		// A partial response must not look complete.
		panic(http.ErrAbortHandler)
	}
	s.writeProblem(o, r, http.StatusInternalServerError, internalErrorDetail)
}

func (s *Server) recordRequest(r *http.Request, o *responseRecorder, start time.Time) {
	duration := time.Since(start)
	o.status = cmp.Or(o.status, http.StatusOK)
	s.metrics.observe(o.route, methodLabel(r.Method), o.status, duration)
	level := slog.LevelDebug
	if o.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.log.Log(r.Context(), level, "request", "method", methodLabel(r.Method), "route", o.route, "status", o.status, "took", duration)
}

// methodLabel returns the method, or "other": clients can invent methods.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

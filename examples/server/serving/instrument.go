package serving

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// responseRecorder is what is told of a request afterwards.
type responseRecorder struct {
	http.ResponseWriter
	// route is the pattern that the path matched, such as
	// "POST /set-password/{token}": a path may hold a secret.
	route  string
	status int
}

type recorderKey struct{}

// WriteHeader notes the status.
func (o *responseRecorder) WriteHeader(status int) {
	if o.status == 0 && status >= http.StatusOK {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write notes the status that it implies.
func (o *responseRecorder) Write(p []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return o.ResponseWriter.Write(p)
}

// FlushError notes the status that it implies.
func (o *responseRecorder) FlushError() error {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return http.NewResponseController(o.ResponseWriter).Flush()
}

// Unwrap is for [http.ResponseController].
func (o *responseRecorder) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// instrument tells log and metrics of each request, and answers one in which the
// program made a mistake: the server goes on.
func (s *Server) instrument(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := &responseRecorder{ResponseWriter: w, route: "none"}
		r = r.WithContext(context.WithValue(r.Context(), recorderKey{}, o))
		defer s.recordRequest(r, o, time.Now())
		defer s.recoverPanic(o, r)
		next.ServeHTTP(o, r)
	})
}

// recordRoute notes the route that next has found, unless one further inside did.
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
	if recovered == http.ErrAbortHandler { //nolint:errorlint,err113 // it is that very value
		panic(recovered)
	}
	s.log.ErrorContext(r.Context(), "a mistake in the program", "route", o.route, "panic", recovered, "stack", string(debug.Stack()))
	if o.status != 0 {
		// Half an answer must not look like a whole one.
		panic(http.ErrAbortHandler)
	}
	s.writeProblem(o, r, http.StatusInternalServerError, internalErrorDetail)
}

func (s *Server) recordRequest(r *http.Request, o *responseRecorder, start time.Time) {
	duration := time.Since(start)
	if o.status == 0 {
		o.status = http.StatusOK
	}
	s.metrics.observe(o.route, methodLabel(r.Method), o.status, duration)
	level := slog.LevelDebug
	if o.status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	s.log.Log(r.Context(), level, "request", "method", methodLabel(r.Method), "route", o.route, "status", o.status, "took", duration)
}

// methodLabel returns the method, or "other": anybody can invent one.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

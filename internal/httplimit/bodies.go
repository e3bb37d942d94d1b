package httplimit

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// MaxAnonymousBytes is the maximum size of the body of a client who is not logged in,
// such as a login or a new password.
const MaxAnonymousBytes = 8 << 10

// Rule bounds the body of a request.
type Rule struct {
	// MaxBytes is the maximum size of the body.
	MaxBytes int64
	// Budget is what the body takes its bytes from: its Content-Length, or MaxBytes
	// if it has none.
	Budget *Budget
	// Client is the address of the client.
	Client netip.Addr
}

// Options of [NewBodies].
type Options struct {
	// MaxWait is how long a body waits for its bytes of the budget. Defaults to 5
	// seconds.
	MaxWait time.Duration
	// MaxPause is how long a client may send nothing. Defaults to 10 seconds.
	MaxPause time.Duration
	// MaxDuration is how long a body may take to arrive, from its first read.
	// Defaults to 30 seconds.
	MaxDuration time.Duration
}

// Bodies bounds the bodies of requests in size, time and sum.
type Bodies struct {
	rule func(*http.Request) Rule
	opts Options
}

// NewBodies returns the bounds that rule returns for a request. nil options work.
func NewBodies(rule func(*http.Request) Rule, opts *Options) *Bodies {
	if opts == nil {
		opts = &Options{}
	}
	return &Bodies{rule: rule, opts: Options{
		MaxWait: cmp.Or(opts.MaxWait, 5*time.Second), MaxPause: cmp.Or(opts.MaxPause, 10*time.Second), MaxDuration: cmp.Or(opts.MaxDuration, 30*time.Second),
	}}
}

// Handler serves next with bounded bodies. Nothing of a body is read before next reads
// it. The first read reserves its bytes, until next returns. Reads return a
// [http.MaxBytesError] if the body is too large, a [store.BusyError] if the budget
// stays exhausted, and a [net.Error] with Timeout if the client is too slow.
func (b *Bodies) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody {
			next.ServeHTTP(w, r)
			return
		}
		limited := &body{ReadCloser: r.Body, opts: &b.opts, rule: b.rule(r), w: w, request: r, release: func() {}}
		defer limited.end()
		r = r.WithContext(r.Context())
		r.Body = limited
		next.ServeHTTP(w, r)
	})
}

// ErrorStatus returns the status of a response to a request whose body failed with this
// error.
func ErrorStatus(err error) int {
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, store.ErrBusy):
		return http.StatusServiceUnavailable
	case errors.As(err, new(*http.MaxBytesError)):
		return http.StatusRequestEntityTooLarge
	case isTimeout && timeout.Timeout():
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}

// body is a body within its bounds.
type body struct {
	io.ReadCloser

	opts    *Options
	rule    Rule
	w       http.ResponseWriter
	request *http.Request
	// open is the body once its bytes are reserved, which end with the time until.
	open    io.Reader
	until   time.Time
	release func()
	// err is what ended the body.
	err error
}

// Read reads from the body. The first read reserves its bytes.
func (b *body) Read(p []byte) (int, error) {
	if b.err == nil && b.open == nil {
		b.err = b.reserve()
	}
	if b.err != nil {
		return 0, b.err
	}
	deadline := time.Now().Add(b.opts.MaxPause)
	if deadline.After(b.until) {
		deadline = b.until
	}
	b.setReadDeadline(deadline)
	n, err := b.open.Read(p)
	if err != nil {
		b.fail(err)
	}
	return n, err
}

// reserve reserves the bytes of the body.
func (b *body) reserve() error {
	n := b.request.ContentLength
	if n > b.rule.MaxBytes {
		b.fail(&http.MaxBytesError{Limit: b.rule.MaxBytes})
		return b.err
	}
	if n < 0 {
		n = b.rule.MaxBytes
	}
	ctx, cancel := context.WithTimeout(b.request.Context(), b.opts.MaxWait)
	defer cancel()
	release, err := b.rule.Budget.reserve(ctx, b.rule.Client, n)
	switch {
	case err == nil:
		b.release, b.until = release, time.Now().Add(b.opts.MaxDuration)
		b.open = http.MaxBytesReader(b.w, b.ReadCloser, b.rule.MaxBytes)
		return nil
	case b.request.Context().Err() != nil:
		return err
	}
	b.fail(&store.BusyError{RetryAfterSeconds: int(b.opts.MaxPause / time.Second)})
	return b.err
}

// fail ends the body. A complete body has no deadline any more: the server would take
// its end for the end of the connection. The rest of another body is not awaited.
func (b *body) fail(err error) {
	b.err = err
	if errors.Is(err, io.EOF) {
		b.setReadDeadline(time.Time{})
		return
	}
	b.w.Header().Set("Connection", "close")
}

// end releases the bytes. The server discards the rest of a body before it answers, and
// waits for it as long as a client may pause.
func (b *body) end() {
	b.release()
	if b.err == nil {
		b.setReadDeadline(time.Now().Add(b.opts.MaxPause))
	}
}

// setReadDeadline sets the deadline of the connection, or of the HTTP/2 stream. A
// response writer without connection has none.
func (b *body) setReadDeadline(deadline time.Time) {
	_ = http.NewResponseController(b.w).SetReadDeadline(deadline)
}

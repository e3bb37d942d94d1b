package extauth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// Authenticator checks logins to a service. [userman.Service] implements it.
type Authenticator interface {
	AuthenticateService(ctx context.Context, service, login string, password store.Secret) (*userman.User, error)
	CanUseService(ctx context.Context, service, login string) (bool, error)
}

// Options are the options of [New].
type Options struct {
	// Service is the name of the service. Defaults to "xmpp".
	Service string
	// Protocol defaults to Ejabberd.
	Protocol Protocol
	// Timeout is the timeout of an answer. A server could mistake a late answer
	// for the answer to its next request. Defaults to [DefaultTimeout].
	Timeout time.Duration
	// Logger logs rejections without user input. Defaults to no logging.
	Logger *slog.Logger
}

// Server answers the requests of one XMPP server for the users of one domain.
type Server struct {
	authenticator Authenticator
	domain        string
	opts          Options
}

// DefaultTimeout is a little shorter than the timeout of Prosody, 5 seconds.
const DefaultTimeout = 4 * time.Second

const (
	defaultService = "xmpp"
	// quietPeriod is the time in which more input to a line arrives.
	quietPeriod = 20 * time.Millisecond
)

// New returns a server. It rejects users of other domains.
func New(authenticator Authenticator, domain string, opts *Options) *Server {
	var o Options
	if opts != nil {
		o = *opts
	}
	o.Service = cmp.Or(o.Service, defaultService)
	o.Protocol = cmp.Or(o.Protocol, Ejabberd)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Server{authenticator: authenticator, domain: domain, opts: o}
}

// Serve answers the requests from in, one after the other, until in or ctx ends. A
// pending read from in continues after ctx ends.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	requests, failed := s.opts.Protocol.read(ctx, in)
	for {
		select {
		case <-ctx.Done():
			return nil
		case request, more := <-requests:
			if !more {
				return wrapReadError(<-failed)
			}
			yes := s.answer(ctx, request.text)
			if s.opts.Protocol == Generic && !s.isSingleRequest(ctx, request, requests) {
				yes = false
			}
			if _, err := out.Write(s.opts.Protocol.answer(yes)); err != nil {
				return fmt.Errorf("write the answer to the XMPP server: %w", err)
			}
		}
	}
}

func wrapReadError(err error) error {
	if err != nil {
		return fmt.Errorf("read the request of the XMPP server: %w", err)
	}
	return nil
}

// isSingleRequest reports whether a line is a complete request. A server waits for
// an answer before it sends the next request. Input that arrives earlier followed
// a line break in a password, and the server would mistake its answer for the answer
// to the next request, for another user. Such input is read and not answered, whether it
// was written in one piece or arrives within the quiet period. An isuser request
// cannot contain a line break, and servers send it often.
func (s *Server) isSingleRequest(ctx context.Context, request rawRequest, requests <-chan rawRequest) bool {
	if strings.HasPrefix(request.text, kindIsUser+":") {
		return true
	}
	quiet, single := time.After(quietPeriod), true
	for {
		settled := quiet
		if request.hasMore {
			settled = nil // there is more
		}
		select {
		case <-ctx.Done():
			return false
		case <-settled:
			return single
		case next, more := <-requests:
			if !more {
				return single && !request.hasMore
			}
			s.opts.Logger.WarnContext(ctx, "rejected: a line break in the password, or the server did not wait for its answer")
			request, single = next, false
		}
	}
}

// answer returns the answer to a request.
func (s *Server) answer(ctx context.Context, text string) bool {
	q, ok := parseRequest(text)
	if !ok {
		s.opts.Logger.WarnContext(ctx, "unsupported request; only auth and isuser are supported", "request", requestKind(text))
		return false
	}
	if !strings.EqualFold(q.domain, s.domain) {
		s.opts.Logger.WarnContext(ctx, "request for another domain; compare the configured domains of the XMPP server and of this program")
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	if q.kind == kindIsUser {
		allowed, err := s.authenticator.CanUseService(ctx, s.opts.Service, q.user)
		s.log(ctx, err)
		return allowed && err == nil
	}
	u, err := s.authenticator.AuthenticateService(ctx, s.opts.Service, q.user, q.password)
	s.log(ctx, err)
	if err != nil {
		return false
	}
	s.opts.Logger.DebugContext(ctx, "accepted", "username", u.Username)
	return true
}

// requestKind returns the kind of a request, if the protocols define it.
func requestKind(text string) string {
	kind, _, _ := strings.Cut(text, ":")
	switch kind {
	case kindAuth, kindIsUser, "setpass", "tryregister", "removeuser", "removeuser3":
		return kind
	}
	return "unknown"
}

// log logs the reason of a rejection. The audit log has the username, if the user
// exists; any other name may be a mistyped password.
func (s *Server) log(ctx context.Context, err error) {
	switch loginErr, ok := errors.AsType[*credential.LoginError](err); {
	case err == nil:
	case ok:
		s.opts.Logger.InfoContext(ctx, "rejected", "reason", string(loginErr.Code))
	case errors.Is(err, store.ErrRateLimited):
		s.opts.Logger.InfoContext(ctx, "rejected", "reason", "rate limited")
	default:
		s.opts.Logger.ErrorContext(ctx, "no answer: the user database failed", "error", err)
	}
}

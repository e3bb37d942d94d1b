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

// Authenticator says who may log in to a service; [userman.Service] is one.
type Authenticator interface {
	AuthenticateService(ctx context.Context, service, login string, password store.Secret) (*userman.User, error)
	CanUseService(ctx context.Context, service, login string) (bool, error)
}

// Options of [New].
type Options struct {
	// Service is what people log in to. Defaults to "xmpp".
	Service string
	// Protocol defaults to Ejabberd.
	Protocol Protocol
	// Timeout bounds an answer: a server may take one that comes too late for
	// that to its next question. Defaults to DefaultTimeout.
	Timeout time.Duration
	// Logger is told of refusals, without what was typed. Defaults to none.
	Logger *slog.Logger
}

// Server answers the questions of one XMPP server about the people of one
// domain.
type Server struct {
	authenticator Authenticator
	domain        string
	opts          Options
}

// DefaultTimeout is a little less than Prosody waits, which is 5 seconds.
const DefaultTimeout = 4 * time.Second

const (
	defaultService = "xmpp"
	// quietPeriod is how long what belongs to a line may take to arrive.
	quietPeriod = 20 * time.Millisecond
)

// New returns a server; nobody of another domain is let in.
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

// Serve answers, one after the other, the questions of in, until in or ctx
// ends. What is being read from in when ctx ends is left to the end of in.
func (s *Server) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	questions, failed := s.opts.Protocol.read(ctx, in)
	for {
		select {
		case <-ctx.Done():
			return nil
		case question, more := <-questions:
			if !more {
				return wrapReadError(<-failed)
			}
			yes := s.answer(ctx, question.text)
			if s.opts.Protocol == Generic && !s.isSingleQuestion(ctx, question, questions) {
				yes = false
			}
			if _, err := out.Write(s.opts.Protocol.answer(yes)); err != nil {
				return fmt.Errorf("the XMPP server does not listen: %w", err)
			}
		}
	}
}

func wrapReadError(err error) error {
	if err != nil {
		return fmt.Errorf("reading what the XMPP server asks: %w", err)
	}
	return nil
}

// isSingleQuestion reports whether a line is all that was asked. A server waits for its
// answer: what comes meanwhile was behind a line break in a password, and its
// answer would be taken for that to the next question, about somebody else. It
// is read, and not answered: what was written together at once, however busy
// the host is, and what comes a moment later, as from a terminal, line by line.
// No line break can be in the name of an isuser, and servers ask that often.
func (s *Server) isSingleQuestion(ctx context.Context, question rawQuestion, questions <-chan rawQuestion) bool {
	if strings.HasPrefix(question.text, kindIsUser+":") {
		return true
	}
	quiet, single := time.After(quietPeriod), true
	for {
		settled := quiet
		if question.hasMore {
			settled = nil // there is more
		}
		select {
		case <-ctx.Done():
			return false
		case <-settled:
			return single
		case next, more := <-questions:
			if !more {
				return single && !question.hasMore
			}
			s.opts.Logger.WarnContext(ctx, "a line break in a password, or a server that does not wait for its answer: refused")
			question, single = next, false
		}
	}
}

// answer returns the answer to a question.
func (s *Server) answer(ctx context.Context, text string) bool {
	q, ok := parseQuestion(text)
	if !ok {
		s.opts.Logger.WarnContext(ctx, "this cannot be done here; people are made and changed in the directory", "question", questionKind(text))
		return false
	}
	if !strings.EqualFold(q.domain, s.domain) {
		s.opts.Logger.WarnContext(ctx, "asked about another domain; check --domain, and what the XMPP server serves")
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
	s.opts.Logger.DebugContext(ctx, "let in", "username", u.Username)
	return true
}

// questionKind returns the kind of a question, when it is one of the protocols'.
func questionKind(text string) string {
	kind, _, _ := strings.Cut(text, ":")
	switch kind {
	case kindAuth, kindIsUser, "setpass", "tryregister", "removeuser", "removeuser3":
		return kind
	}
	return "unknown"
}

// log tells why somebody was refused. Who that was, as far as it is somebody, is
// in the audit trail; what was typed as a name may be a password.
func (s *Server) log(ctx context.Context, err error) {
	switch loginErr, ok := errors.AsType[*credential.LoginError](err); {
	case err == nil:
	case ok:
		s.opts.Logger.InfoContext(ctx, "refused", "reason", string(loginErr.Code))
	case errors.Is(err, store.ErrRateLimited):
		s.opts.Logger.InfoContext(ctx, "refused", "reason", "throttled")
	default:
		s.opts.Logger.ErrorContext(ctx, "not answered: the directory failed", "error", err)
	}
}

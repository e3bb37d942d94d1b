package ampusers

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Options of [New].
type Options struct {
	// Sections are the parts of the product that administrators may be
	// given; [SectionApply] is added to them. Defaults to that one alone.
	Sections []Section
	// Issuer is the name of the product in an authenticator app. Defaults to
	// "pbxusers".
	Issuer string
	// Audit is told of every change, login and refusal. Defaults to none.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is where tokens, salts and secrets come from. Defaults to
	// crypto/rand.Reader; set it in tests only.
	Random io.Reader
	// Logger is told of each change, without secrets. Defaults to none.
	Logger *slog.Logger
	// Argon2 are the costs of password hashes. Defaults to 19 MiB, 2 passes
	// and 1 lane.
	Argon2 Argon2
	// MaxConcurrentHashes is how many passwords are hashed at once; other logins
	// wait. Defaults to the number of processors, or to as many as take 256
	// MiB together.
	MaxConcurrentHashes int
	// MinPasswordLength is counted in characters. Defaults to 12.
	MinPasswordLength int
	// MinPasswordScore is the least score of zxcvbn, 0 to 4. Defaults to 3;
	// -1 turns the estimate off.
	MinPasswordScore int
	// InvitationLifetime is how long a link with which a password may be set
	// works. Defaults to 24 hours.
	InvitationLifetime time.Duration
	// WrongAccountType says, in one sentence, what kind of account username and
	// password belong to when they belong to no administrator, or "". It is
	// asked only after a login failed. Defaults to not asking.
	DetectAccountType func(ctx context.Context, username string, password store.Secret) (string, error)
}

// Argon2 are the costs of argon2id (RFC 9106). What is zero has its default.
type Argon2 struct {
	// Memory is in KiB, Time in passes, Threads in lanes.
	Memory  uint32
	Time    uint32
	Threads uint8
}

const (
	defaultIssuer             = "pbxusers"
	defaultInvitationLifetime = 24 * time.Hour
)

// New returns a service over st. A section whose id is no id, or stands twice,
// is a mistake in the program: it panics.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	s := &Service{
		store: st, validator: newValidator(), sections: registerSections(opts.Sections), audit: opts.Audit,
		clock: opts.Clock, random: opts.Random, log: opts.Logger,
		issuer:             cmp.Or(opts.Issuer, defaultIssuer),
		invitationLifetime: cmp.Or(opts.InvitationLifetime, defaultInvitationLifetime),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.policy = passwords.Policy{MinLength: opts.MinPasswordLength, MinScore: opts.MinPasswordScore, Words: []string{s.issuer}}
	s.hasher = passwords.NewHasher(&passwords.Options{Params: opts.Argon2.params(), Concurrency: opts.MaxConcurrentHashes, Random: s.random})
	s.authenticator = s.newAuthenticator(opts)
	return s
}

// newAuthenticator returns where administrators log in.
func (s *Service) newAuthenticator(opts *Options) *auth.Authenticator {
	return auth.New(auth.Options{
		Kind: kind, ActorKind: audit.Administrator, Accounts: loginAccounts{s.store, s.audit},
		Hasher: s.hasher, Limiter: ratelimit.New(&ratelimit.Options{Clock: s.clock}), Audit: s.audit,
		Clock: s.clock, Random: s.random, Logger: s.log, DetectAccountType: opts.DetectAccountType,
		DisabledMessage: "this administrator is disabled; ask another administrator to enable it",
	})
}

func (a Argon2) params() passwords.Params {
	defaults := passwords.DefaultParams()
	return passwords.Params{
		Memory: cmp.Or(a.Memory, defaults.Memory), Time: cmp.Or(a.Time, defaults.Time), Threads: cmp.Or(a.Threads, defaults.Threads),
	}
}

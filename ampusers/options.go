package ampusers

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Options are the options of [New].
type Options struct {
	// Sections are the sections of the product. New adds [SectionApply]. Defaults
	// to none.
	Sections []Section
	// Issuer is the name of the product in an authenticator app. Defaults to
	// "pbxusers".
	Issuer string
	// TTLStore stores logins that wait for a code. Set it if several processes
	// share the database. Defaults to a store in memory.
	TTLStore store.TTLStore
	// Audit records every change, login and denial. Defaults to no audit log.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is the source of tokens, salts and secrets. Defaults to
	// crypto/rand.Reader; set it only in tests.
	Random io.Reader
	// Logger logs each change, without secrets. Defaults to no logging.
	Logger *slog.Logger
	// Argon2 is the cost of password hashes. Defaults to 19 MiB, 2 passes and 1
	// lane.
	Argon2 credential.Argon2
	// MaxConcurrentHashes is the maximum number of passwords that are hashed at the
	// same time. Other logins wait. Defaults to the number of processors, or to as
	// many hashes as fit into 256 MiB.
	MaxConcurrentHashes int
	// MinPasswordLength is in characters. Defaults to 12.
	MinPasswordLength int
	// MinPasswordScore is the minimum zxcvbn score, 0 to 4. Defaults to 3. -1
	// disables the estimate.
	MinPasswordScore int
	// InvitationLifetime is the lifetime of links to set a password. Defaults to 24
	// hours.
	InvitationLifetime time.Duration
	// DetectAccountType returns one sentence about the kind of account that has
	// this username and password, or "". It is called after a login failed because
	// there is no such administrator. Defaults to none.
	DetectAccountType func(ctx context.Context, username string, password store.Secret) (string, error)
}

const (
	defaultIssuer             = "pbxusers"
	defaultInvitationLifetime = 24 * time.Hour
)

// New returns a service that stores its records in st. If opts is nil, New uses the
// defaults. New panics if a section ID is invalid or not unique, or if an option is
// out of range, because this is a programming error.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	o := opts.withDefaults()
	s := &Service{
		store: st, opts: o, validator: newValidator(), sections: registerSections(o.Sections), audit: o.Audit, log: o.Logger,
	}
	s.present = &atomic.Pointer[Options]{}
	s.present.Store(&s.opts)
	s.authenticator = auth.New(auth.Options{
		Kind: kind, ActorKind: audit.Administrator, Accounts: loginAccounts{st, o.Audit}, Pending: o.TTLStore, Issuer: s.issuer, Policy: s.passwordPolicy,
		Hasher:  passwords.NewHasher(&passwords.Options{Params: passwords.Params(o.Argon2), Concurrency: o.MaxConcurrentHashes, Random: o.Random}),
		Limiter: ratelimit.New(&ratelimit.Options{Clock: o.Clock}), Audit: o.Audit,
		Clock: o.Clock, Random: o.Random, Logger: o.Logger, DetectAccountType: o.DetectAccountType,
		DisabledMessage: "this administrator is disabled; ask another administrator to enable it",
	})
	return s
}

// Reconfigure replaces the options that a product can change while it runs: Issuer,
// MinPasswordLength and MinPasswordScore. It ignores the others. It also affects the
// services of [Service.ForActor]. Like [New], it panics if an option is out of range.
func (s *Service) Reconfigure(opts *Options) {
	next := s.opts
	next.Issuer, next.MinPasswordLength, next.MinPasswordScore = opts.Issuer, opts.MinPasswordLength, opts.MinPasswordScore
	next = next.withDefaults()
	s.present.Store(&next)
}

func (s *Service) issuer() string { return s.present.Load().Issuer }

// passwordPolicy returns the present policy.
func (s *Service) passwordPolicy() passwords.Policy {
	o := s.present.Load()
	return passwords.Policy{MinLength: o.MinPasswordLength, MinScore: o.MinPasswordScore, Words: []string{o.Issuer}}
}

// withDefaults returns a copy of o with defaults for unset fields.
func (o *Options) withDefaults() Options {
	filled := *o
	filled.Sections = slices.Clone(o.Sections)
	filled.Issuer = cmp.Or(o.Issuer, defaultIssuer)
	filled.InvitationLifetime = cmp.Or(o.InvitationLifetime, defaultInvitationLifetime)
	if o.Clock == nil {
		filled.Clock = time.Now
	}
	if o.Random == nil {
		filled.Random = rand.Reader
	}
	if o.Logger == nil {
		filled.Logger = discardLogger()
	}
	if o.TTLStore == nil {
		filled.TTLStore = auth.NewMemoryStore()
	}
	filled.validate()
	return filled
}

// discardLogger returns a logger that writes nothing.
func discardLogger() *slog.Logger { return slog.New(slog.DiscardHandler) }

// validate panics if an option is out of its range.
func (o *Options) validate() {
	switch {
	case o.MinPasswordScore < -1 || o.MinPasswordScore > 4:
		panic("ampusers: Options.MinPasswordScore is not from -1 to 4")
	case o.MinPasswordLength < 0 || o.MinPasswordLength > passwords.MaxLength:
		panic("ampusers: Options.MinPasswordLength is out of range")
	case o.MaxConcurrentHashes < 0:
		panic("ampusers: Options.MaxConcurrentHashes is negative")
	case o.InvitationLifetime < 0:
		panic("ampusers: Options.InvitationLifetime is negative")
	}
}

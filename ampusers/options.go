package ampusers

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Options of [New].
type Options struct {
	// Sections are the parts of the product that administrators may be
	// given; [SectionApply] is added to them. Defaults to that one alone.
	Sections []Section
	// Issuer is the name of the product in an authenticator app. Defaults to
	// "pbxusers".
	Issuer string
	// TTLStore keeps logins that wait for a code. Set it where several processes
	// share the database. Defaults to the memory of this process.
	TTLStore store.TTLStore
	// Audit is told of every change, login and refusal. Defaults to none.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is where tokens, salts and secrets come from. Defaults to
	// crypto/rand.Reader; set it in tests only.
	Random io.Reader
	// Logger is told of each change, without secrets. Defaults to none.
	Logger *slog.Logger
	// Argon2 is the cost of password hashes. Defaults to 19 MiB, 2 passes and 1
	// lane.
	Argon2 credential.Argon2
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

const (
	defaultIssuer             = "pbxusers"
	defaultInvitationLifetime = 24 * time.Hour
)

// New returns a service over st. nil options are the defaults. It panics if a
// section ID is not valid or not unique, or if an option is out of its range: that
// is a mistake in the program.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	o := opts.withDefaults()
	s := &Service{
		store: st, opts: o, validator: newValidator(), sections: registerSections(o.Sections), audit: o.Audit, log: o.Logger,
	}
	s.authenticator = auth.New(auth.Options{
		Kind: kind, ActorKind: audit.Administrator, Accounts: loginAccounts{st, o.Audit}, Pending: o.TTLStore, Issuer: o.Issuer,
		Hasher:  passwords.NewHasher(&passwords.Options{Params: passwords.Params(o.Argon2), Concurrency: o.MaxConcurrentHashes, Random: o.Random}),
		Policy:  passwords.Policy{MinLength: o.MinPasswordLength, MinScore: o.MinPasswordScore, Words: []string{o.Issuer}},
		Limiter: ratelimit.New(&ratelimit.Options{Clock: o.Clock}), Audit: o.Audit,
		Clock: o.Clock, Random: o.Random, Logger: o.Logger, DetectAccountType: o.DetectAccountType,
		DisabledMessage: "this administrator is disabled; ask another administrator to enable it",
	})
	return s
}

// withDefaults returns a copy of o in which every field is set.
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
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	if o.TTLStore == nil {
		filled.TTLStore = auth.NewMemoryStore()
	}
	filled.validate()
	return filled
}

// validate panics if an option is out of its range.
func (o *Options) validate() {
	switch {
	case o.MinPasswordScore < -1 || o.MinPasswordScore > 4:
		panic("ampusers: Options.MinPasswordScore is not -1 to 4")
	case o.MinPasswordLength < 0 || o.MinPasswordLength > passwords.MaxLength:
		panic("ampusers: Options.MinPasswordLength is out of range")
	case o.MaxConcurrentHashes < 0:
		panic("ampusers: Options.MaxConcurrentHashes is negative")
	case o.InvitationLifetime < 0:
		panic("ampusers: Options.InvitationLifetime is negative")
	}
}

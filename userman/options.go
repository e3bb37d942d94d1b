package userman

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Options of [New].
type Options struct {
	// Permissions are those of the product, in addition to
	// [StandardPermissions] or in the place of those with the same ID.
	Permissions []permission.Permission
	// Product is the name that mails and authenticator apps show. Defaults to
	// "pbxusers".
	Product string
	// BaseURL is where people reach the product, such as
	// "https://pbx.example.com"; links in mails are built from it and nothing
	// else. Without it no links can be sent.
	BaseURL *url.URL
	// Language is that of mails to people who have none. Defaults to "en".
	Language string
	// Mailer sends mails. Defaults to none: see [DeliveryNotConfigured].
	Mailer Mailer
	// Templates write the mails. Defaults to those of the package.
	Templates *usermail.Templates
	// LoginByEmail and LoginByExtension let people type their primary email
	// or their default extension in place of the username. A username goes
	// first, and an email of several people is nobody's. Default to no.
	LoginByEmail     bool
	LoginByExtension bool
	// PasswordLifetime is how long a password may be used before it must be
	// changed. Defaults to forever.
	PasswordLifetime time.Duration
	// InvitationLifetime is how long the link of a welcome mail works.
	// Defaults to 7 days. ResetLifetime is that of a reset mail. Defaults to
	// 1 hour. ActivationLifetime is that of a softphone activation. Defaults
	// to 7 days.
	InvitationLifetime time.Duration
	ResetLifetime      time.Duration
	ActivationLifetime time.Duration
	// ResetCooldown is how long nobody is sent a second reset mail. Defaults to
	// 5 minutes.
	ResetCooldown time.Duration
	// SIPAccounts tells the SIP account of an extension, for softphones.
	// Defaults to none: softphones cannot be activated.
	SIPAccounts SIPAccounts
	// Directories are those that people may come from besides the internal
	// one.
	Directories []Directory
	// References are asked, in their order, which records refer to a person
	// before they are deleted, such as call flows. Groups whose administrator
	// a person is, and the like, are for the product to tell.
	References []func(ctx context.Context, u *User) ([]store.Reference, error)
	// Dependents are records of other packages that belong to users, such as API
	// tokens (package userman/apitoken). Defaults to none.
	Dependents []Dependents
	// TTLStore keeps logins that wait for a code. Set it where several processes
	// share the database. Defaults to the memory of this process.
	TTLStore store.TTLStore
	// Audit is told of every change, login and refusal. Defaults to none.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is where IDs, tokens, salts and secrets come from. Defaults to
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
}

// What is not given in [Options].
const (
	defaultProduct            = "pbxusers"
	defaultLanguage           = "en"
	defaultInvitationLifetime = 7 * 24 * time.Hour
	defaultResetLifetime      = time.Hour
	defaultActivationLifetime = 7 * 24 * time.Hour
	defaultResetCooldown      = 5 * time.Minute
)

// New returns a service over st. nil options are the defaults. It panics if
// permissions or directories contradict each other, or if an option is out of its
// range: that is a mistake in the program.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	o := opts.withDefaults()
	validateDirectories(o.Directories)
	s := &Service{
		store: st, opts: o, validator: newValidator(), registry: permission.NewRegistry(o.Permissions), audit: o.Audit,
		mailLimiter: ratelimit.New(&ratelimit.Options{Clock: o.Clock}), shared: newShared(),
	}
	s.authenticator = s.newAuthenticator()
	return s
}

// withDefaults returns a copy in which nothing is left to its default.
func (o *Options) withDefaults() Options {
	filled := *o
	filled.Product = cmp.Or(o.Product, defaultProduct)
	filled.Language = cmp.Or(o.Language, defaultLanguage)
	filled.InvitationLifetime = cmp.Or(o.InvitationLifetime, defaultInvitationLifetime)
	filled.ResetLifetime = cmp.Or(o.ResetLifetime, defaultResetLifetime)
	filled.ActivationLifetime = cmp.Or(o.ActivationLifetime, defaultActivationLifetime)
	filled.ResetCooldown = cmp.Or(o.ResetCooldown, defaultResetCooldown)
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
		panic("userman: Options.MinPasswordScore is not -1 to 4")
	case o.MinPasswordLength < 0 || o.MinPasswordLength > passwords.MaxLength:
		panic("userman: Options.MinPasswordLength is out of range")
	case o.MaxConcurrentHashes < 0:
		panic("userman: Options.MaxConcurrentHashes is negative")
	case min(o.PasswordLifetime, o.InvitationLifetime, o.ResetLifetime, o.ActivationLifetime, o.ResetCooldown) < 0:
		panic("userman: a duration of Options is negative")
	}
}

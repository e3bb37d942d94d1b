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
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// Options are the options of [New].
type Options struct {
	// Permissions are the permissions of the product. They extend [permission.Standard]
	// and replace standard permissions with the same ID.
	Permissions []permission.Permission
	// Product is the name in mails and authenticator apps. Defaults to "pbxusers".
	Product string
	// BaseURL is the public URL of the product, such as "https://pbx.example.com".
	// Links in mails always begin with BaseURL. Without it, the service cannot mail
	// links.
	BaseURL *url.URL
	// Language is the language of mails to users who have no language set. Defaults to
	// "en".
	Language string
	// Mailer sends the mails. Defaults to none: no mail is sent, see
	// [DeliveryNotConfigured].
	Mailer Mailer
	// Templates are the templates of the mails. Defaults to the built-in ones.
	Templates *usermail.Templates
	// LoginByEmail and LoginByExtension let users log in with their primary email or
	// their default extension, in addition to the username. No two users can then have
	// the same login name, in any of these fields: see [LoginNames.Apply], which a
	// product calls when it starts. Both default to false; users can then share an
	// email.
	LoginByEmail     bool
	LoginByExtension bool
	// PasswordLifetime is the time after which a password must be changed. Defaults to
	// no limit.
	PasswordLifetime time.Duration
	// InvitationLifetime is the lifetime of the link in a welcome mail. It defaults to
	// 7 days. ResetLifetime is the lifetime of the link in a reset mail. It defaults to
	// 1 hour. ActivationLifetime is the lifetime of a link to set up a softphone. It
	// defaults to 7 days.
	InvitationLifetime time.Duration
	ResetLifetime      time.Duration
	ActivationLifetime time.Duration
	// ResetCooldown is the minimum time between two reset mails to a user. Defaults to
	// 5 minutes.
	ResetCooldown time.Duration
	// SIPAccounts returns the SIP accounts of extensions, for softphones. Defaults to
	// none: users cannot set up softphones.
	SIPAccounts SIPAccounts
	// Directories are the external sources of users. Defaults to none.
	Directories []Directory
	// References list the records that refer to a user, such as call flows.
	// [Service.Delete] rejects the deletion of a user with references. Defaults to
	// none.
	References []func(ctx context.Context, u *User) ([]store.Reference, error)
	// Dependents are records of other packages that belong to users, such as API
	// tokens (package userman/apitoken). Defaults to none.
	Dependents []Dependents
	// CreatorScope returns what the creator of a credential may hand out now, in the
	// transaction of ctx: nothing if the administrator was deleted or disabled, or got
	// the username after creator.At. A grant beyond this scope revokes the credential,
	// see [Service.Update]. Set it if administrators are limited, see [Service.Scoped].
	// Defaults to none: administrators with a scope may hand out nothing, others all.
	CreatorScope func(ctx context.Context, creator credential.Creator) (scope.Scope, error)
	// TTLStore stores logins that wait for a code. Set it if several processes share
	// the database. Defaults to the memory of this process.
	TTLStore store.TTLStore
	// Audit records every change, login and denial. Defaults to none.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is the source of IDs, tokens, salts and secrets. Defaults to
	// crypto/rand.Reader; set it in tests only.
	Random io.Reader
	// Logger logs each change, without secrets. Defaults to none.
	Logger *slog.Logger
	// Argon2 is the cost of password hashes. Defaults to 19 MiB, 2 passes and 1
	// lane.
	Argon2 credential.Argon2
	// MaxConcurrentHashes is the number of passwords that are hashed at once. Other
	// logins wait. Defaults to the number of processors, or to as many hashes as fit
	// into 256 MiB.
	MaxConcurrentHashes int
	// MinPasswordLength is counted in characters. Defaults to 12.
	MinPasswordLength int
	// MinPasswordScore is the minimum zxcvbn score, 0 to 4. Defaults to 3; -1 disables
	// the estimate.
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

// New returns a service that stores its records in st. If opts is nil, New uses the
// defaults. New panics if options contradict each other or are out of range, because
// this is a programming error.
func New(st Store, opts *Options) *Service {
	if opts == nil {
		opts = &Options{}
	}
	o := opts.withDefaults()
	validateDirectories(o.Directories)
	s := &Service{
		store: st, validator: newValidator(), registry: permission.NewRegistry(o.Permissions), audit: o.Audit,
		mailLimiter: ratelimit.New(&ratelimit.Options{Clock: o.Clock}), shared: newShared(&o),
	}
	s.authenticator = s.newAuthenticator()
	return s
}

// Reconfigure replaces the options that a product can change while it runs: Product,
// BaseURL, Language, Mailer, Templates, LoginByEmail, LoginByExtension,
// PasswordLifetime, Directories, MinPasswordLength and MinPasswordScore. It ignores the
// others. It also affects the services of [Service.Scoped]. An operation that is
// running may still use the options before. Call [LoginNames.Apply] after a change of
// LoginByEmail or LoginByExtension. Like [New], Reconfigure panics if options
// contradict each other or are out of range.
func (s *Service) Reconfigure(opts *Options) {
	next := *s.opts()
	next.Product, next.BaseURL, next.Language = opts.Product, opts.BaseURL, opts.Language
	next.Mailer, next.Templates, next.Directories = opts.Mailer, opts.Templates, opts.Directories
	next.LoginByEmail, next.LoginByExtension = opts.LoginByEmail, opts.LoginByExtension
	next.PasswordLifetime, next.MinPasswordLength, next.MinPasswordScore = opts.PasswordLifetime, opts.MinPasswordLength, opts.MinPasswordScore
	next = next.withDefaults()
	validateDirectories(next.Directories)
	s.shared.options.Store(&next)
	s.shared.mailFault.Store(nil) // another mail server may accept the mails
}

// withDefaults returns a copy of o with the defaults.
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

// validate panics if an option is out of range.
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

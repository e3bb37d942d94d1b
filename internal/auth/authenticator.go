package auth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

const (
	// maxUsernameBytes bounds, in bytes, what is looked at of a username that was
	// typed: the longest name and the longest address of mail fit.
	maxUsernameBytes = 1024
	// maxPasswordBytes bounds, in bytes, a password that is shown to others, as it
	// was typed: it may be longer than the form of it that is hashed.
	maxPasswordBytes = 4 * passwords.MaxLength
)

// Options of [New]; all are required but for Other, and for Trail, which may
// be nil.
type Options struct {
	// Kind is what an account is called in the trail and in refusals, such
	// as "administrator".
	Kind string
	// ActorKind is the kind of actor that whoever logged in is.
	ActorKind audit.ActorKind
	Accounts  Accounts
	Hasher    *passwords.Hasher
	Policy    passwords.Policy
	// RejectCurrentPassword makes a changed password differ from the current one.
	RejectCurrentPassword bool
	Limiter               *ratelimit.Limiter
	// Pending keeps logins that wait for a code.
	Pending store.TTLStore
	// Issuer is the name of the product in authenticator apps.
	Issuer string
	Audit  *audit.Log
	Clock  func() time.Time
	Random io.Reader
	Logger *slog.Logger
	// DisabledMessage is the sentence of the refusal of one who is disabled.
	DisabledMessage string
	// DetectAccountType says in one sentence what kind of account username and password
	// belong to when they belong to nobody here, or "". nil is not asked.
	DetectAccountType func(ctx context.Context, username string, password store.Secret) (string, error)
}

// Authenticator is where people log in. It may be used from many goroutines.
type Authenticator struct{ opts Options }

// New returns a desk.
func New(opts Options) *Authenticator { return &Authenticator{opts} }

// now returns the time as the store keeps it.
func (au *Authenticator) now() time.Time { return au.opts.Clock().UTC().Truncate(time.Microsecond) }

// WithAccounts returns an authenticator that logs in these accounts and shares
// everything else with au.
func (au *Authenticator) WithAccounts(accounts Accounts) *Authenticator {
	opts := au.opts
	opts.Accounts = accounts
	return &Authenticator{opts}
}

// Login is a login whose password was right.
type Login struct {
	credential.LoginResult

	// Account is the record as the login saved it, nil while the login waits for
	// a code.
	Account *Account
}

// Session returns the record of a new session, as session looks it up. The login
// fails if a concurrent change has ended the session already.
func Session[ID ~string, R any](ctx context.Context, login *Login, session func(ctx context.Context, id ID, epoch int64) (R, error)) (R, error) {
	record, err := session(ctx, ID(login.Account.ID), login.Account.SessionEpoch)
	if errors.Is(err, store.ErrNotFound) {
		return record, SessionEnded()
	}
	return record, err
}

// AuthorizeFunc refuses somebody whose password is proven, with a reason that may be
// told to them; nil lets everybody pass.
type AuthorizeFunc func(ctx context.Context, a *Account) error

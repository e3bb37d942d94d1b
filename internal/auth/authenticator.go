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
	// maxUsernameBytes is the maximum length of a typed username in bytes. It is
	// more than the longest name and the longest email address.
	maxUsernameBytes = 1024
	// maxPasswordBytes is the maximum length of a password that other systems
	// check, as typed, in bytes. It may be longer than its normalized form, which
	// is hashed.
	maxPasswordBytes = 4 * passwords.MaxLength
)

// Options of [New]. All are required except Audit and DetectAccountType.
type Options struct {
	// Kind is the kind of the records in the audit log and in errors, such as
	// "administrator".
	Kind string
	// ActorKind is the kind of actor of a login.
	ActorKind audit.ActorKind
	Accounts  Accounts
	Hasher    *passwords.Hasher
	// Policy returns the present rules for new passwords.
	Policy func() passwords.Policy
	// RejectCurrentPassword requires a changed password to differ from the current
	// one.
	RejectCurrentPassword bool
	Limiter               *ratelimit.Limiter
	// Pending stores logins that wait for a code.
	Pending store.TTLStore
	// Issuer returns the name of the product in authenticator apps.
	Issuer func() string
	Audit  *audit.Log
	Clock  func() time.Time
	Random io.Reader
	Logger *slog.Logger
	// DisabledMessage is the error message of a disabled account.
	DisabledMessage string
	// DetectAccountType returns one sentence about the kind of account that has
	// this username and password, if there is no such account here, or "". nil
	// returns "".
	DetectAccountType func(ctx context.Context, username string, password store.Secret) (string, error)
}

// Authenticator checks logins. It is safe for concurrent use.
type Authenticator struct{ opts Options }

// New returns an authenticator.
func New(opts Options) *Authenticator { return &Authenticator{opts} }

// now returns the current time in the precision of the store.
func (au *Authenticator) now() time.Time { return au.opts.Clock().UTC().Truncate(time.Microsecond) }

// WithAccounts returns an authenticator that logs in these accounts and shares
// everything else with au.
func (au *Authenticator) WithAccounts(accounts Accounts) *Authenticator {
	opts := au.opts
	opts.Accounts = accounts
	return &Authenticator{opts}
}

// Login is the result of a login with the right password.
type Login struct {
	credential.LoginResult

	// Account is the record as the login saved it, nil while the login waits for
	// a code.
	Account *Account
}

// Session returns the record of a new session, as session reads it. The login fails
// if a concurrent change has already ended the session.
func Session[ID ~string, R any](ctx context.Context, login *Login, session func(ctx context.Context, id ID, epoch int64) (R, error)) (R, error) {
	record, err := session(ctx, ID(login.Account.ID), login.Account.SessionEpoch)
	if errors.Is(err, store.ErrNotFound) {
		return record, SessionEnded()
	}
	return record, err
}

// AuthorizeFunc returns an error if an account must not log in, after its password
// was verified. The client gets the reason. nil allows all.
type AuthorizeFunc func(ctx context.Context, a *Account) error

package auth

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Account is what a login reads and writes of somebody's record.
type Account struct {
	// ID finds the record again, see [Accounts.Reload].
	ID string
	// Name identifies the record in the audit log, the limiter and the log, in one
	// form only.
	Name string
	// Username is the name that an authenticator app shows.
	Username string
	// Words are what a password must not be made of, the username first.
	Words    []string
	Disabled bool
	// SessionEpoch identifies the open sessions. It counts up to end them all.
	SessionEpoch      int64
	Credentials       credential.Credentials
	PasswordChangedAt time.Time
	LastLoginAt       time.Time
	// VerifyExternal, when it is not nil, is asked for the password in place of the
	// hash: the password is kept elsewhere. It is a match, or it is not; an
	// error is a failure of the system. It is never asked for an empty
	// password.
	VerifyExternal func(ctx context.Context, password store.Secret) (match bool, err error)
}

// foldedName returns the name by which the throttle counts tries.
func (a *Account) foldedName() string { return username.Fold(a.Name) }

// Accounts is how a [Authenticator] reaches the records of one kind.
type Accounts interface {
	store.Transactor
	// Lookup returns the account of whoever is meant by what was typed as a
	// username, at most maxUsernameBytes bytes of it. A [store.NotFoundError] when it
	// is nobody, and a [store.ForbiddenError] when it is somebody whom they do
	// not hand out.
	Lookup(ctx context.Context, typed string) (*Account, error)
	// Reload returns the account of that ID as it is now, in the transaction
	// of ctx; the desk may change it. A [store.NotFoundError] when it is
	// gone.
	Reload(ctx context.Context, id string) (*Account, error)
	// Save writes what the desk changed of an account that Now returned, its
	// credentials and LastLoginAt, in the transaction of ctx, and tells the
	// trail of the action there, by the actor of ctx.
	Save(ctx context.Context, action string, after *Account) error
}

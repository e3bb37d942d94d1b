package auth

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Account is the part of a record that a login reads and writes.
type Account struct {
	// ID identifies the record for [Accounts.Reload].
	ID string
	// Name identifies the record in the audit log, the rate limits and the log, in
	// canonical form.
	Name string
	// Username is the name that an authenticator app shows.
	Username string
	// Extensions are those of the audit entries about the account, see
	// [audit.Event].
	Extensions []string
	// Words must not be part of a password; the username is first.
	Words    []string
	Disabled bool
	// SessionEpoch identifies the open sessions. Increasing it ends all of them.
	SessionEpoch      int64
	Credentials       credential.Credentials
	PasswordChangedAt time.Time
	LastLoginAt       time.Time
	// Creator is the administrator who performs an operation of [Lifecycle]; zero if
	// the owner of the account, or the console does.
	Creator credential.Creator
	// VerifyExternal, if not nil, checks the password in place of the hash, because
	// another system has the password. An error is an internal error. It is never
	// called with an empty password.
	VerifyExternal func(ctx context.Context, password store.Secret) (match bool, err error)
}

// foldedName returns the name for the rate limits.
func (a *Account) foldedName() string { return username.Fold(a.Name) }

// Accounts reads and writes the records of one kind.
type Accounts interface {
	store.Transactor
	// Lookup returns the account for a typed username of at most maxUsernameBytes.
	// It returns a [store.NotFoundError] if there is none, and a
	// [store.ForbiddenError] if the account is out of scope.
	Lookup(ctx context.Context, typed string) (*Account, error)
	// Reload returns the current account with that ID, in the transaction of ctx.
	// The authenticator may change it. It returns a [store.NotFoundError] if the
	// account was deleted.
	Reload(ctx context.Context, id string) (*Account, error)
	// Save writes the credentials and LastLoginAt of an account that Reload
	// returned, in the transaction of ctx. It records the action there, with the
	// actor of ctx.
	Save(ctx context.Context, action string, after *Account) error
}

package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/store/audit"
)

// Records is how a [Lifecycle] reads and changes the records of one kind. R is
// the record that the service returns. A key is what the caller of the service
// gave for op, such as a username.
type Records[R any] interface {
	// Get returns the account of key. It returns an error, together with the
	// account where it found one, if the rules of the service forbid op.
	Get(ctx context.Context, op Operation, key string) (*Account, error)
	// GetByInvitation returns the account with the invitation of that hash. It
	// returns an error wrapping [store.ErrNotFound] if there is none.
	GetByInvitation(ctx context.Context, hash []byte) (*Account, error)
	// Update runs edit on the account of key in one transaction, where the rules
	// of the service allow op, and saves the result together with its audit
	// entry. edit may run more than once. Update records a denial.
	Update(ctx context.Context, op Operation, key string, edit func(a *Account) error) (R, error)
	// AuditKey returns how the audit log names the key of op. It returns "" for
	// text that is no username, which may be a password in the wrong field.
	AuditKey(op Operation, key string) string
}

// Lifecycle is the life cycle of credentials: it sets and changes passwords, sets
// up second factors, and invites. The rules about who may do that are those of
// its Records. It may be used from many goroutines.
type Lifecycle[R any] struct {
	authenticator *Authenticator
	records       Records[R]
}

// NewLifecycle returns the life cycle of the credentials in records.
func NewLifecycle[R any](authenticator *Authenticator, records Records[R]) Lifecycle[R] {
	return Lifecycle[R]{authenticator, records}
}

// get returns the account of key for op, and records a denial.
func (l Lifecycle[R]) get(ctx context.Context, op Operation, key string) (*Account, error) {
	a, err := l.records.Get(ctx, op, key)
	if err == nil {
		return a, nil
	}
	name := l.records.AuditKey(op, key)
	if a != nil {
		name = a.Name
	}
	return nil, l.recordDenied(ctx, op, name, err)
}

// recordDenied records that op failed on the account of that name, and returns err.
func (l Lifecycle[R]) recordDenied(ctx context.Context, op Operation, name string, err error) error {
	opts := &l.authenticator.opts
	opts.Audit.RecordFailure(ctx, audit.Event{Action: string(op), Kind: opts.Kind, Key: name}, err)
	return err
}

package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/store/audit"
)

// Records reads and changes the records of one kind for a [Lifecycle]. R is the
// record that the service returns. A key is the argument that the caller of the
// service gave for op, such as a username.
type Records[R any] interface {
	// Get returns the account of key. If the rules of the service forbid op, it
	// returns an error, and the account if it found one.
	Get(ctx context.Context, op Operation, key string) (*Account, error)
	// GetByInvitation returns the account with the invitation of that hash. It
	// returns an error wrapping [store.ErrNotFound] if there is none.
	GetByInvitation(ctx context.Context, hash []byte) (*Account, error)
	// Update runs edit on the account of key in one transaction, if the rules of
	// the service allow op, and saves the result together with its audit entry.
	// edit may run more than once. Update records a denial.
	Update(ctx context.Context, op Operation, key string, edit func(a *Account) error) (R, error)
	// AuditKey returns the name of key in the audit log. It returns "" for text
	// that is not a username, because that may be a password typed into the wrong
	// field.
	AuditKey(op Operation, key string) string
}

// Lifecycle has the operations on credentials: setting and changing passwords,
// second factors, and invitations. Its Records authorize them. It is safe for
// concurrent use.
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
	if a == nil {
		a = &Account{Name: l.records.AuditKey(op, key)}
	}
	return nil, l.recordDenied(ctx, op, a, err)
}

// recordDenied records that op failed on the account, and returns err.
func (l Lifecycle[R]) recordDenied(ctx context.Context, op Operation, a *Account, err error) error {
	opts := &l.authenticator.opts
	opts.Audit.RecordFailure(ctx, audit.Event{Action: string(op), Kind: opts.Kind, Key: a.Name, Extensions: a.Extensions}, err)
	return err
}

package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store/audit"
)

// loginAccounts implements [auth.Accounts] for administrators.
type loginAccounts struct {
	Store

	audit *audit.Log
}

// Lookup implements [auth.Accounts].
func (r loginAccounts) Lookup(ctx context.Context, input string) (*auth.Account, error) {
	return r.Reload(ctx, canonicalUsername(input))
}

// Reload implements [auth.Accounts].
func (r loginAccounts) Reload(ctx context.Context, username string) (*auth.Account, error) {
	a, err := r.Administrator(ctx, username)
	if err != nil {
		return nil, err
	}
	return loginAccount(a), nil
}

// loginAccount returns the part of a that a login needs.
func loginAccount(a *Administrator) *auth.Account {
	return &auth.Account{
		ID: a.Username, Name: a.Username, Username: a.Username, Words: a.passwordWords(), Disabled: a.Disabled,
		SessionEpoch: a.SessionEpoch, Credentials: a.Credentials, PasswordChangedAt: a.PasswordChangedAt, LastLoginAt: a.LastLoginAt,
	}
}

// passwordWords returns words that a password of a must not be derived from.
func (a *Administrator) passwordWords() []string { return []string{a.Username, a.DisplayName} }

// Save implements [auth.Accounts].
func (r loginAccounts) Save(ctx context.Context, action string, after *auth.Account) error {
	event := newEvent(action, after.Name)
	err := r.UpdateAdministrator(ctx, after.ID, func(a *Administrator) error {
		event.PriorState = auditState(a)
		a.Credentials, a.LastLoginAt = after.Credentials.Clone(), after.LastLoginAt
		event.State = auditState(a)
		return nil
	})
	if err != nil {
		return err
	}
	return r.audit.Record(ctx, event)
}

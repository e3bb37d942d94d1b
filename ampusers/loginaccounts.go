package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store/audit"
)

// loginAccounts is how administrators log in.
type loginAccounts struct {
	Store

	audit *audit.Log
}

// Lookup implements [login.Accounts].
func (r loginAccounts) Lookup(ctx context.Context, input string) (*login.Account, error) {
	return r.Reload(ctx, canonicalUsername(input))
}

// Reload implements [login.Accounts].
func (r loginAccounts) Reload(ctx context.Context, username string) (*login.Account, error) {
	a, err := r.Administrator(ctx, username)
	if err != nil {
		return nil, err
	}
	return loginAccount(a), nil
}

// loginAccount returns what a login reads of a.
func loginAccount(a *Administrator) *login.Account {
	return &login.Account{
		ID: a.Username, Name: a.Username, Disabled: a.Disabled, SessionEpoch: a.SessionEpoch,
		Credentials: a.Credentials, LastLoginAt: a.LastLoginAt,
	}
}

// Save implements [login.Accounts].
func (r loginAccounts) Save(ctx context.Context, action string, after *login.Account) error {
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

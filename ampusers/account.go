package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store/audit"
)

// accounts is how administrators log in.
type accounts struct {
	Store

	trail *audit.Trail
}

// Typed implements [login.Records].
func (r accounts) Typed(ctx context.Context, typed string) (*login.Account, error) {
	return r.Now(ctx, usernameOrNone(typed))
}

// Now implements [login.Records].
func (r accounts) Now(ctx context.Context, username string) (*login.Account, error) {
	a, err := r.Administrator(ctx, username)
	if err != nil {
		return nil, err
	}
	return accountOf(a), nil
}

// accountOf returns what a login reads of a.
func accountOf(a *Administrator) *login.Account {
	return &login.Account{
		ID: a.Username, Name: a.Username, Disabled: a.Disabled, Generation: a.SessionGeneration,
		Credentials: a.Credentials, LastLoginAt: a.LastLoginAt,
	}
}

// Keep implements [login.Records].
func (r accounts) Keep(ctx context.Context, action string, after *login.Account) error {
	event := event(action, after.Name)
	err := r.UpdateAdministrator(ctx, after.ID, func(a *Administrator) error {
		event.SealedBefore = sealed(a)
		a.Credentials, a.LastLoginAt = after.Credentials.Clone(), after.LastLoginAt
		event.Sealed = sealed(a)
		return nil
	})
	if err != nil {
		return err
	}
	return r.trail.Record(ctx, event)
}

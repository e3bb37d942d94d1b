package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// sessionDevice is the device of clients with a session, so that guesses of
// strangers do not limit them.
const sessionDevice = "session"

// VerifyCurrentPassword checks the current password of a client that has a session
// of a. Attempts are rate-limited like those of a trusted device. It returns a
// [store.InvalidError] on "current_password" if the password is wrong. The audit
// log records denials of action.
func (au *Authenticator) VerifyCurrentPassword(ctx context.Context, action string, a *Account, current store.Secret) error {
	attempt := ratelimit.Attempt{RemoteAddr: audit.ActorFromContext(ctx).RemoteAddr, User: a.foldedName(), Device: sessionDevice}
	first, err := au.checkRate(attempt)
	if err != nil && !first {
		return err
	}
	if err == nil {
		err = au.checkCurrentPassword(ctx, a, current)
	}
	if err != nil {
		au.opts.Audit.RecordFailure(ctx, audit.Event{Action: action, Kind: au.opts.Kind, Key: a.Name, Extensions: a.Extensions}, err)
		return err
	}
	au.opts.Limiter.Reset(attempt)
	return nil
}

// checkCurrentPassword checks the current password of a.
func (au *Authenticator) checkCurrentPassword(ctx context.Context, a *Account, current store.Secret) error {
	result, err := au.checkPassword(ctx, a, current)
	if err != nil || result.Match {
		return err
	}
	return store.NewInvalidError(store.FieldError{
		Field: "current_password", Code: store.CodeWrong, Message: "wrong password; enter your current password",
	})
}

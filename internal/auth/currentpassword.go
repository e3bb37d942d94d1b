package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// sessionDevice stands for the device of those who have a session: strangers who
// guess at the same name do not slow them.
const sessionDevice = "session"

// VerifyCurrentPassword proves that whoever has a session of a knows the current password, with
// tries throttled as those of a device that is known. A wrong one is a
// [store.InvalidError] on "current_password". What is worth to be kept in the
// trail is kept there as a refusal of action.
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
		au.opts.Audit.RecordFailure(ctx, audit.Event{Action: action, Kind: au.opts.Kind, Key: a.Name}, err)
		return err
	}
	au.opts.Limiter.Reset(attempt)
	return nil
}

// checkCurrentPassword refuses whoever does not know the current password of a.
func (au *Authenticator) checkCurrentPassword(ctx context.Context, a *Account, current store.Secret) error {
	result, err := au.checkPassword(ctx, a, current)
	if err != nil || result.Match {
		return err
	}
	return store.NewInvalidError(store.FieldError{
		Field: "current_password", Code: store.CodeWrong, Message: "this is not the current password; type it again",
	})
}

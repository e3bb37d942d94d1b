package login

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// ownHand stands for the device of those who have a session: strangers who
// guess at the same name do not slow them.
const ownHand = "session"

// Own proves that whoever has a session of a knows the current password, with
// tries throttled as those of a device that is known. A wrong one is a
// [store.InvalidError] on "current_password". What is worth to be kept in the
// trail is kept there as a refusal of action.
func (d *Desk) Own(ctx context.Context, action string, a *Account, current store.Secret) error {
	try := throttle.Try{Source: audit.ActorOf(ctx).Source, User: a.folded(), Device: ownHand}
	first, err := d.begin(try)
	if err != nil && !first {
		return err
	}
	if err == nil {
		err = d.knows(ctx, a, current)
	}
	if err != nil {
		d.opts.Trail.RecordFailure(ctx, audit.Event{Action: action, Kind: d.opts.Kind, Key: a.Name}, err)
		return err
	}
	d.opts.Throttle.Succeeded(try)
	return nil
}

// knows refuses whoever does not know the current password of a.
func (d *Desk) knows(ctx context.Context, a *Account, current store.Secret) error {
	verdict, err := d.verdict(ctx, a, current)
	if err != nil || verdict.Match {
		return err
	}
	return store.Invalid(store.FieldError{
		Field: "current_password", Code: "wrong", Message: "this is not the current password; type it again",
	})
}

package login

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// candidate is who may be logging in: an attempt, and what the records know of
// it.
type candidate struct {
	credential.Attempt
	// known is nil when there is nobody of that name.
	known *Account
	try   throttle.Try
}

// candidate reads who is meant. What is longer than it can be stands for what
// nobody has, and takes the same time.
func (d *Desk) candidate(ctx context.Context, attempt credential.Attempt) (*candidate, error) {
	c := &candidate{Attempt: attempt}
	c.Code = bounded(c.Code)
	typed := c.Username
	if len(typed) > maxText {
		typed = ""
	}
	known, err := d.opts.Records.Typed(ctx, typed)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	// Tries with what nobody is called never count for somebody: who finds
	// out that they do would know that there is such an account.
	c.try = throttle.Try{Source: c.Source, User: "\x00" + loginname.Fold(loginname.Normalise(typed))}
	if err == nil {
		c.known = known
		c.try.User = known.folded()
		c.try.Device = device(known.Credentials.Devices, HashToken(c.Device))
	}
	return c, nil
}

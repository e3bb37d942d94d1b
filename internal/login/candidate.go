package login

import (
	"context"
	"errors"
	"strings"

	"github.com/pbxusers/pbxusers/internal/loginname"
	"github.com/pbxusers/pbxusers/internal/throttle"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// candidate is who may be logging in: an attempt, and what the records know of
// it.
type candidate struct {
	credential.Attempt
	// known is nil when there is nobody of that name, and when the records do
	// not hand out who has it: then withheld is their refusal.
	known    *Account
	withheld error
	try      throttle.Try
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
	switch {
	case errors.Is(err, store.ErrForbidden):
		c.withheld = err
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	// Tries with what nobody is called never count for somebody: who finds
	// out that they do would know that there is such an account.
	c.try = throttle.Try{Source: c.Source, User: "\x00" + loginname.Fold(loginname.Normalise(typed))}
	if c.withheld != nil && strings.HasPrefix(c.Source, throttle.ServicePrefix) {
		c.try.Source = "\x00" + c.Source // that of whoever has the name is not held up
	}
	if err == nil {
		c.known = known
		c.try.User = known.folded()
		c.try.Device = device(known.Credentials.Devices, HashToken(c.Device))
	}
	return c, nil
}

package auth

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// claimant is who may be logging in: an attempt, and what the records know of
// it.
type claimant struct {
	credential.LoginAttempt
	// account is nil when there is nobody of that name, and when the records do
	// not hand out who has it: then withheld is their refusal.
	account     *Account
	scopeErr    error
	rateAttempt ratelimit.Attempt
}

// newClaimant reads who is meant. What is longer than it can be stands for what
// nobody has, and takes the same time.
func (au *Authenticator) newClaimant(ctx context.Context, attempt credential.LoginAttempt) (*claimant, error) {
	c := &claimant{LoginAttempt: attempt}
	c.Code = boundCode(c.Code)
	typed := c.Username
	if len(typed) > maxUsernameBytes {
		typed = ""
	}
	account, err := au.opts.Accounts.Lookup(ctx, typed)
	switch {
	case errors.Is(err, store.ErrForbidden):
		c.scopeErr = err
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	// Tries with what nobody is called never count for somebody: who finds
	// out that they do would know that there is such an account.
	folded := username.Fold(username.Normalize(typed))
	c.rateAttempt = ratelimit.Attempt{RemoteAddr: c.RemoteAddr, User: "\x00" + folded}
	if c.Service != "" {
		c.rateAttempt.Service = c.Service + "/" + folded
	}
	if c.scopeErr != nil && c.Service != "" {
		c.rateAttempt.Service = "\x00" + c.rateAttempt.Service // does not limit the owner of the name
	}
	if err == nil {
		c.account = account
		c.rateAttempt.User = account.foldedName()
		c.rateAttempt.Device = deviceKey(account.Credentials.Devices, HashToken(c.DeviceToken))
	}
	return c, nil
}

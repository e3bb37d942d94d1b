package auth

import (
	"context"
	"errors"
	"strings"

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
	c.rateAttempt = ratelimit.Attempt{Source: c.RemoteAddr, User: "\x00" + username.Fold(username.Normalize(typed))}
	if c.scopeErr != nil && strings.HasPrefix(c.RemoteAddr, ratelimit.ServicePrefix) {
		c.rateAttempt.Source = "\x00" + c.RemoteAddr // that of whoever has the name is not held up
	}
	if err == nil {
		c.account = account
		c.rateAttempt.User = account.foldedName()
		c.rateAttempt.Device = deviceKey(account.Credentials.Devices, HashToken(c.DeviceToken))
	}
	return c, nil
}

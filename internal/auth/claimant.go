package auth

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/ratelimit"
	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// claimant is an attempt to log in, and its account.
type claimant struct {
	credential.LoginAttempt
	// account is nil if there is no such account, or if it is out of scope;
	// scopeErr is the error then.
	account     *Account
	scopeErr    error
	rateAttempt ratelimit.Attempt
	// mfaToken is the token of the second step of a login.
	mfaToken store.Secret
	// recorded says that the audit log has the attempt already.
	recorded bool
}

// newClaimant reads the account of an attempt. A value that is too long is replaced
// by one that matches nothing, and takes the same time.
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
	// Attempts with an invalid name never count for an account. Otherwise they
	// would reveal that it exists.
	folded := username.Fold(username.Normalize(typed))
	c.rateAttempt = ratelimit.Attempt{RemoteAddr: c.RemoteAddr, User: "\x00" + folded}
	if c.Service != "" {
		c.rateAttempt.Service = c.Service + "/" + folded
	}
	if c.scopeErr != nil && c.Service != "" {
		c.rateAttempt.Service = "\x00" + c.rateAttempt.Service // does not limit the owner of the name
	}
	if err == nil {
		c.setAccount(account)
	}
	return c, nil
}

// setAccount sets the account of the claimant.
func (c *claimant) setAccount(account *Account) {
	c.account = account
	c.rateAttempt.User = account.foldedName()
	c.rateAttempt.Device = deviceKey(account.Credentials.Devices, HashToken(c.DeviceToken))
}

// newMFAClaimant returns the claimant of the second step of a login. Its account
// is nil if the token is unknown or the account is gone. epochMatches reports
// whether the sessions are those of the first step.
func (au *Authenticator) newMFAClaimant(ctx context.Context, attempt credential.MFAAttempt) (c *claimant, epochMatches bool, err error) {
	c = &claimant{
		LoginAttempt: credential.LoginAttempt{Code: boundCode(attempt.Code), RemoteAddr: attempt.RemoteAddr, DeviceToken: attempt.DeviceToken},
		rateAttempt:  ratelimit.Attempt{RemoteAddr: attempt.RemoteAddr, User: "\x00"},
		mfaToken:     attempt.Token,
	}
	login, err := au.pendingLogin(ctx, attempt.Token)
	if err != nil || login == nil {
		return c, false, err
	}
	account, err := au.opts.Accounts.Reload(ctx, login.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return c, false, nil
	case errors.Is(err, store.ErrForbidden):
		c.scopeErr = err
		return c, false, nil
	case err != nil:
		return nil, false, err
	}
	c.setAccount(account)
	return c, account.SessionEpoch == login.SessionEpoch, nil
}

package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Authenticate checks a login. It returns a [credential.LoginError], the error of
// authorize, or, after too many attempts, a [store.RateLimitedError]. It calls
// authorize after the password was verified and before it requires a code. An
// unknown name and a wrong password take the same time and get the same error. An
// account that is out of scope takes that time, too; it gets the error of the
// records, and counts as an unknown name. Codes of an authenticator app are counted
// apart from passwords.
//
// The audit log has the logins and the denials, except that a code is still
// required. It has only the first of several rate-limited attempts.
func (au *Authenticator) Authenticate(ctx context.Context, attempt credential.LoginAttempt, authorize AuthorizeFunc) (*Login, error) {
	c, err := au.newClaimant(ctx, attempt)
	if err != nil {
		return nil, err
	}
	if err := au.verifyAttempt(ctx, c, authorize); err != nil {
		return nil, err
	}
	return au.logIn(ctx, c)
}

// Verify only checks the password, for a service without sessions. It requires no
// code, stores no device, and does not change LastLoginAt. It replaces an outdated
// hash, and only logs if that fails. It returns the same errors as Authenticate.
// The audit log has failures only, because services check often.
//
// A service that does not know the address of its client sets attempt.Service.
func (au *Authenticator) Verify(ctx context.Context, attempt credential.LoginAttempt, authorize AuthorizeFunc) (*Account, error) {
	c, err := au.newClaimant(ctx, attempt)
	if err != nil {
		return nil, err
	}
	return au.verify(ctx, c, authorize)
}

// Check is Verify for an attempt that another authenticator has denied and recorded: one
// attempt is one entry of the audit log. Check records nothing. It counts for the rate
// limits like Verify.
func (au *Authenticator) Check(ctx context.Context, attempt credential.LoginAttempt) error {
	c, err := au.newClaimant(ctx, attempt)
	if err != nil {
		return err
	}
	c.recorded = true
	_, err = au.verify(ctx, c, nil)
	return err
}

// verify returns the account of a claimant with the right password.
func (au *Authenticator) verify(ctx context.Context, c *claimant, authorize AuthorizeFunc) (*Account, error) {
	if err := au.verifyAttempt(ctx, c, authorize); err != nil {
		return nil, err
	}
	au.opts.Limiter.Reset(c.rateAttempt)
	return c.account, nil
}

// verifyAttempt returns an error unless a claimant has the right password.
func (au *Authenticator) verifyAttempt(ctx context.Context, c *claimant, authorize AuthorizeFunc) error {
	if err := au.rateLimit(ctx, c, c.rateAttempt); err != nil {
		return err
	}
	return au.verifyPassword(ctx, c, authorize)
}

// Confirm completes a login for which Authenticate returned an MFAToken. A wrong
// code leaves the token valid. The other errors are those of Authenticate:
// [credential.InvalidCredentials] means that the login must start again.
func (au *Authenticator) Confirm(ctx context.Context, attempt credential.MFAAttempt, authorize AuthorizeFunc) (*Login, error) {
	c, epochMatches, err := au.newMFAClaimant(ctx, attempt)
	if err != nil {
		return nil, err
	}
	// Password guesses of strangers must not prevent the owner from giving a code
	// of the app. logIn counts codes.
	if !epochMatches || !totp.IsCode(c.Code) {
		if err := au.rateLimit(ctx, c, c.rateAttempt); err != nil {
			return nil, err
		}
	}
	switch {
	case c.scopeErr != nil:
		return nil, c.scopeErr
	case !epochMatches:
		return nil, au.recordDenied(ctx, c, invalidCredentials())
	}
	if err := au.authorize(ctx, c, authorize); err != nil {
		return nil, err
	}
	return au.logIn(ctx, c)
}

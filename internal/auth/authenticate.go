package auth

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Authenticate logs somebody in, or refuses with a [credential.LoginError] or
// what vet refuses with, or, after too many tries, with a
// [store.RateLimitedError]. vet is asked once the password is proven, and before
// a code is asked for. An unknown name and a wrong password take the same time
// and get the same answer; somebody whom the records do not hand out is refused
// as the records do, takes that time, too, and is counted as an unknown name.
// Codes of an authenticator app are counted apart from passwords.
//
// In the trail are the logins and the refusals, but that a code is still asked
// for; of those that are held up only the first.
func (au *Authenticator) Authenticate(ctx context.Context, attempt credential.LoginAttempt, authorize AuthorizeFunc) (*Login, error) {
	c, err := au.verifyAttempt(ctx, attempt, authorize)
	if err != nil {
		return nil, err
	}
	return au.logIn(ctx, c)
}

// Verify only compares the password, for a service that keeps no session: no
// code is asked for, no device is remembered, and LastLoginAt stays. An
// outdated hash is replaced. The refusals are those of Authenticate and are
// kept in the trail; successes are not, services ask all the time.
//
// A service that does not know the address of the caller sets attempt.Service.
func (au *Authenticator) Verify(ctx context.Context, attempt credential.LoginAttempt, authorize AuthorizeFunc) (*Account, error) {
	c, err := au.verifyAttempt(ctx, attempt, authorize)
	if err != nil {
		return nil, err
	}
	au.opts.Limiter.Reset(c.rateAttempt)
	return c.account, nil
}

// verifyAttempt returns who is logging in, with a password that is proven.
func (au *Authenticator) verifyAttempt(ctx context.Context, attempt credential.LoginAttempt, authorize AuthorizeFunc) (*claimant, error) {
	c, err := au.newClaimant(ctx, attempt)
	if err != nil {
		return nil, err
	}
	if err := au.rateLimit(ctx, c, c.rateAttempt); err != nil {
		return nil, err
	}
	return c, au.verifyPassword(ctx, c, authorize)
}

// Confirm completes a login for which Authenticate returned an MFAToken. A wrong
// code leaves the token valid. The other errors are those of Authenticate:
// [credential.InvalidCredentials] means that the login must start again.
func (au *Authenticator) Confirm(ctx context.Context, attempt credential.MFAAttempt, authorize AuthorizeFunc) (*Login, error) {
	c, epochMatches, err := au.newMFAClaimant(ctx, attempt)
	if err != nil {
		return nil, err
	}
	// Strangers who guess the password must not keep the owner from giving the
	// code of an app: logIn counts those.
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

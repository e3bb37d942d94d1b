package auth

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// verifyPassword finds out whether the candidate knows the password, and may log in.
func (au *Authenticator) verifyPassword(ctx context.Context, c *claimant, authorize AuthorizeFunc) error {
	result, err := au.checkPassword(ctx, c.account, c.Password)
	if err != nil {
		return au.recordFailed(ctx, c, err)
	}
	if c.scopeErr != nil {
		return c.scopeErr
	}
	if !result.Match {
		return au.recordDenied(ctx, c, au.credentialsError(ctx, c.LoginAttempt))
	}
	if err := au.authorize(ctx, c, authorize); err != nil || !result.NeedsRehash {
		return err
	}
	// Now: whoever ends the login with a code does not show the password.
	if err := au.rehash(ctx, c); err != nil {
		return au.recordDenied(ctx, c, err)
	}
	return nil
}

// authorize refuses a candidate whose password is proven and who may not log in.
func (au *Authenticator) authorize(ctx context.Context, c *claimant, authorize AuthorizeFunc) error {
	if c.account.Disabled {
		return au.recordDenied(ctx, c, au.accountDisabled())
	}
	if authorize == nil {
		return nil
	}
	if err := authorize(ctx, c.account); err != nil {
		return au.recordDenied(ctx, c, err)
	}
	return nil
}

// recordFailed returns err, which is no refusal. Where another system failed, the
// trail is told; that somebody did not wait for the answer is not worth it.
func (au *Authenticator) recordFailed(ctx context.Context, c *claimant, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return au.recordDenied(ctx, c, err)
}

// checkPassword compares a password with that of a, who may be nil, and takes as
// long when there is none.
func (au *Authenticator) checkPassword(ctx context.Context, a *Account, password store.Secret) (passwords.Result, error) {
	var hash store.Secret
	switch {
	case a == nil:
	case a.VerifyExternal != nil:
		return au.verifyExternally(ctx, a, password)
	default:
		hash = a.Credentials.PasswordHash
	}
	result, err := au.opts.Hasher.Verify(ctx, hash, password)
	if errors.Is(err, passwords.ErrUnsupportedHash) {
		au.opts.Logger.ErrorContext(ctx, au.opts.Kind+": the stored password hash cannot be read; set a new password", "username", a.Name)
		return passwords.Result{}, nil
	}
	return result, err
}

// verifyExternally has a password compared where it is kept, and takes the time of a
// hash at least, so that time does not tell who is kept elsewhere. A password
// that is empty is never shown: to some directories it is that of a visitor,
// and right (RFC 4513, section 5.1.2).
func (au *Authenticator) verifyExternally(ctx context.Context, a *Account, password store.Secret) (passwords.Result, error) {
	dummy := make(chan error, 1)
	go func() {
		_, err := au.opts.Hasher.Verify(ctx, store.Secret{}, password)
		dummy <- err
	}()
	var match bool
	var err error
	if !password.IsZero() && len(password.Reveal()) <= maxPasswordBytes {
		match, err = a.VerifyExternal(ctx, password)
	}
	if err := errors.Join(err, <-dummy); err != nil {
		return passwords.Result{}, err
	}
	return passwords.Result{Match: match}, nil
}

// rehash replaces the hash of a password that was proven, unless it was
// replaced meanwhile.
func (au *Authenticator) rehash(ctx context.Context, c *claimant) error {
	hash, err := au.opts.Hasher.Hash(ctx, c.Password)
	if err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, c.actor(audit.System))
	return au.opts.Accounts.RunInTx(ctx, func(ctx context.Context) error {
		current, err := au.reload(ctx, c)
		if err != nil || !current.Credentials.PasswordHash.Equal(c.account.Credentials.PasswordHash) {
			return err
		}
		current.Credentials.PasswordHash = hash
		return au.opts.Accounts.Save(ctx, "rehash", current)
	})
}

// reload reads the candidate again, and refuses when the password that was
// proven is not that of now.
func (au *Authenticator) reload(ctx context.Context, c *claimant) (*Account, error) {
	current, err := au.opts.Accounts.Reload(ctx, c.account.ID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && current.SessionEpoch != c.account.SessionEpoch:
		return nil, invalidCredentials()
	case err == nil && current.Disabled:
		return nil, au.accountDisabled()
	}
	return current, err
}

package auth

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// verifyPassword checks the password of a claimant and whether it may log in. It
// replaces an outdated hash; if that fails, the old hash stays valid.
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
	// Here, because the login with a code does not contain the password.
	err = au.rehash(ctx, c)
	if errors.Is(err, store.ErrForbidden) {
		return au.recordDenied(ctx, c, err)
	}
	if err != nil {
		au.opts.Logger.ErrorContext(ctx, au.opts.Kind+": replacing the outdated password hash failed", "username", c.account.Name, "error", err)
	}
	return nil
}

// authorize returns an error if a claimant with the right password must not log in.
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

// recordFailed records an internal error and returns it. It does not record that a
// client has canceled its request.
func (au *Authenticator) recordFailed(ctx context.Context, c *claimant, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return au.recordDenied(ctx, c, err)
}

// checkPassword compares a password with that of a. It takes the same time if a is
// nil.
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

// verifyExternally lets another system check a password. It takes at least the time
// of a hash, so that the time does not reveal external accounts. It never checks an
// empty password: some directories accept it as an anonymous login (RFC 4513,
// section 5.1.2).
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

// rehash replaces the hash of a verified password, unless a concurrent change
// replaced it.
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

// reload reads the account of a claimant again, and returns an error if the
// verified password is no longer the current one.
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

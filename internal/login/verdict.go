package login

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/passwords"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// prove finds out whether the candidate knows the password, and may log in.
func (d *Desk) prove(ctx context.Context, c *candidate, vet Vet) error {
	verdict, err := d.verdict(ctx, c.known, c.Password)
	if err != nil {
		return d.failed(ctx, c, err)
	}
	if c.withheld != nil {
		return c.withheld
	}
	if !verdict.Match {
		return d.refuse(ctx, c, d.stranger(ctx, c.Attempt))
	}
	if err := d.allow(ctx, c, vet); err != nil || !verdict.Outdated {
		return err
	}
	// Now: whoever ends the login with a code does not show the password.
	if err := d.rehash(ctx, c); err != nil {
		return d.refuse(ctx, c, err)
	}
	return nil
}

// allow refuses a candidate whose password is proven and who may not log in.
func (d *Desk) allow(ctx context.Context, c *candidate, vet Vet) error {
	if c.known.Disabled {
		return d.refuse(ctx, c, d.accountDisabled())
	}
	if vet == nil {
		return nil
	}
	if err := vet(ctx, c.known); err != nil {
		return d.refuse(ctx, c, err)
	}
	return nil
}

// failed returns err, which is no refusal. Where another system failed, the
// trail is told; that somebody did not wait for the answer is not worth it.
func (d *Desk) failed(ctx context.Context, c *candidate, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return d.refuse(ctx, c, err)
}

// verdict compares a password with that of a, who may be nil, and takes as
// long when there is none.
func (d *Desk) verdict(ctx context.Context, a *Account, password store.Secret) (passwords.Verdict, error) {
	var hash store.Secret
	switch {
	case a == nil:
	case a.Check != nil:
		return d.elsewhere(ctx, a, password)
	default:
		hash = a.Credentials.PasswordHash
	}
	verdict, err := d.opts.Hasher.Check(ctx, hash, password)
	if errors.Is(err, passwords.ErrHash) {
		d.opts.Log.ErrorContext(ctx, d.opts.Kind+": the stored password hash cannot be read; set a new password", "username", a.Name)
		return passwords.Verdict{}, nil
	}
	return verdict, err
}

// elsewhere has a password compared where it is kept, and takes the time of a
// hash at least, so that time does not tell who is kept elsewhere. A password
// that is empty is never shown: to some directories it is that of a visitor,
// and right (RFC 4513, section 5.1.2).
func (d *Desk) elsewhere(ctx context.Context, a *Account, password store.Secret) (passwords.Verdict, error) {
	spent := make(chan error, 1)
	go func() {
		_, err := d.opts.Hasher.Check(ctx, store.Secret{}, password)
		spent <- err
	}()
	var match bool
	var err error
	if !password.IsZero() && len(password.Reveal()) <= maxPassword {
		match, err = a.Check(ctx, password)
	}
	if err := errors.Join(err, <-spent); err != nil {
		return passwords.Verdict{}, err
	}
	return passwords.Verdict{Match: match}, nil
}

// rehash replaces the hash of a password that was proven, unless it was
// replaced meanwhile.
func (d *Desk) rehash(ctx context.Context, c *candidate) error {
	hash, err := d.opts.Hasher.Hash(ctx, c.Password)
	if err != nil {
		return err
	}
	ctx = audit.WithActor(ctx, audit.Actor{Kind: audit.System, Source: told(c.Source)})
	return d.opts.Records.Atomically(ctx, func(ctx context.Context) error {
		now, err := d.still(ctx, c)
		if err != nil || !now.Credentials.PasswordHash.Equal(c.known.Credentials.PasswordHash) {
			return err
		}
		now.Credentials.PasswordHash = hash
		return d.opts.Records.Keep(ctx, "rehash", now)
	})
}

// still reads the candidate again, and refuses when the password that was
// proven is not that of now.
func (d *Desk) still(ctx context.Context, c *candidate) (*Account, error) {
	now, err := d.opts.Records.Now(ctx, c.known.ID)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && now.Generation != c.known.Generation:
		return nil, wrongPassword()
	case err == nil && now.Disabled:
		return nil, d.accountDisabled()
	}
	return now, err
}

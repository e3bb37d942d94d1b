package auth

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// NewLink returns a link that works once within lifetime, and the token hash to
// store.
func (au *Authenticator) NewLink(lifetime time.Duration) (*credential.Link, *credential.OneTimeToken, error) {
	token, hash, err := NewToken(au.opts.Random)
	if err != nil {
		return nil, nil, err
	}
	expires := au.now().Add(lifetime)
	return &credential.Link{Token: token, ExpiresAt: expires}, &credential.OneTimeToken{TokenHash: hash, ExpiresAt: expires}, nil
}

// CheckLink returns a [store.NotFoundError] of that kind if the stored token does
// not have this hash, and a [credential.LinkExpiredError] if it has expired.
func (au *Authenticator) CheckLink(kind string, stored *credential.OneTimeToken, hash []byte) error {
	switch {
	case stored == nil || hash == nil || subtle.ConstantTimeCompare(stored.TokenHash, hash) != 1:
		return &store.NotFoundError{Kind: kind}
	case !au.now().Before(stored.ExpiresAt):
		return &credential.LinkExpiredError{}
	}
	return nil
}

// invitationKind is the kind of an invitation in errors.
const invitationKind = "invitation"

// checkInvitation rejects a hash that does not belong to a valid invitation of a.
func (l Lifecycle[R]) checkInvitation(a *Account, hash []byte) error {
	if a.Disabled {
		return &store.NotFoundError{Kind: invitationKind}
	}
	return l.authenticator.CheckLink(invitationKind, a.Credentials.Invitation, hash)
}

// Invite stores a link to set a password once, and replaces an earlier one.
func (l Lifecycle[R]) Invite(ctx context.Context, key string, invitation *credential.OneTimeToken) (R, error) {
	return l.records.Update(ctx, OpInvite, key, func(a *Account) error {
		a.Credentials.Invitation = invitation.Clone()
		a.Credentials.Invitation.Creator = a.Creator
		return nil
	})
}

// Invitation returns the account that a token invites. It returns an error
// wrapping [store.ErrNotFound] if the link was used or replaced, if the account is
// disabled, or, as a [credential.LinkExpiredError], if the link has expired.
func (l Lifecycle[R]) Invitation(ctx context.Context, token store.Secret) (*Account, error) {
	hash := HashToken(token)
	if hash == nil {
		return nil, &store.NotFoundError{Kind: invitationKind}
	}
	a, err := l.records.GetByInvitation(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &store.NotFoundError{Kind: invitationKind}
	}
	if err != nil {
		return nil, err
	}
	return a, l.checkInvitation(a, hash)
}

// AcceptInvitation sets the password and uses up the token. A rejected password
// does not use up the token ([store.ErrInvalid] on "password"). It ends all
// sessions and removes trusted devices. A second factor stays. Other errors are
// those of [Lifecycle.Invitation].
func (l Lifecycle[R]) AcceptInvitation(ctx context.Context, token, password store.Secret) (R, error) {
	const op = OpAcceptInvitation
	var none R
	// An unknown link is not recorded: otherwise any client could fill the audit
	// log.
	a, err := l.Invitation(ctx, token)
	if err != nil {
		return none, err
	}
	hash, err := l.authenticator.hashPassword(ctx, a, password)
	if err != nil {
		return none, l.recordDenied(ctx, op, a, err)
	}
	return l.records.Update(ctx, op, a.ID, func(a *Account) error {
		if err := l.checkInvitation(a, HashToken(token)); err != nil {
			return err
		}
		a.setPasswordHash(hash, cmp.Or(a.Credentials.Invitation.Creator, a.Creator), l.authenticator.now())
		a.Credentials.Devices = nil
		return nil
	})
}

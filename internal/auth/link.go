package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// NewLink returns a link that works once, for that long, and the hash of its token
// to store.
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

// invitationKind is what an invitation is called in errors.
const invitationKind = "invitation"

// checkInvitation rejects a hash that is not that of a working invitation of a.
func (l Lifecycle[R]) checkInvitation(a *Account, hash []byte) error {
	if a.Disabled {
		return &store.NotFoundError{Kind: invitationKind}
	}
	return l.authenticator.CheckLink(invitationKind, a.Credentials.Invitation, hash)
}

// Invite stores a link with which the account can set a password once, in place of
// an earlier one.
func (l Lifecycle[R]) Invite(ctx context.Context, key string, invitation *credential.OneTimeToken) (R, error) {
	return l.records.Update(ctx, OpInvite, key, func(a *Account) error {
		a.Credentials.Invitation = invitation.Clone()
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

// AcceptInvitation sets the password and uses up the token, which a rejected
// password does not ([store.ErrInvalid] on "password"). It ends all sessions and
// forgets trusted devices. A second factor stays. Other errors are those of
// [Lifecycle.Invitation].
func (l Lifecycle[R]) AcceptInvitation(ctx context.Context, token, password store.Secret) (R, error) {
	const op = OpAcceptInvitation
	var none R
	// An unknown link is not recorded: anyone could fill the audit log.
	a, err := l.Invitation(ctx, token)
	if err != nil {
		return none, err
	}
	hash, err := l.authenticator.hashPassword(ctx, a, password)
	if err != nil {
		return none, l.recordDenied(ctx, op, a.Name, err)
	}
	return l.records.Update(ctx, op, a.ID, func(a *Account) error {
		if err := l.checkInvitation(a, HashToken(token)); err != nil {
			return err
		}
		a.setPasswordHash(hash, l.authenticator.now())
		a.Credentials.Devices = nil
		return nil
	})
}

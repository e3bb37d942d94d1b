package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Invite creates a link with which the user can set a password once. An earlier
// link no longer works. The password and sessions stay until the link is used. The
// link of a disabled user works only after [Service.Enable]. It returns an error
// wrapping [store.ErrConflict] if the user's directory keeps the password.
func (s *Service) Invite(ctx context.Context, username string) (*credential.Link, error) {
	link, err := s.issueLink(passwordLink, s.opts.InvitationLifetime)
	if err != nil {
		return nil, err
	}
	u, err := s.credentials().Invite(ctx, username, link.stored)
	if err != nil {
		return nil, err
	}
	link.UserID, link.Username = u.ID, u.Username
	return link.Link, nil
}

// Invitation returns the link of a token, without the token. It returns an error
// wrapping [store.ErrNotFound] if the link was used or replaced, if the user is
// disabled or deleted, or, as a [credential.LinkExpiredError], if the link has
// expired.
func (s *Service) Invitation(ctx context.Context, token store.Secret) (*credential.Link, error) {
	return s.readLink(ctx, passwordLink, token)
}

// AcceptInvitation sets the password and uses up the token, which a rejected
// password does not ([store.ErrInvalid] on "password"). It ends all sessions and
// forgets trusted devices. A second factor stays. It returns an error wrapping
// [store.ErrConflict] if the user's directory keeps the password by now. The other
// errors are those of [Service.Invitation].
func (s *Service) AcceptInvitation(ctx context.Context, token, password store.Secret) (*User, error) {
	return s.credentials().AcceptInvitation(ctx, token, password)
}

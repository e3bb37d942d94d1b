package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Invite creates a link with which the administrator can set a password once. An
// earlier link no longer works. The password and sessions stay until the link is
// used. The link of a disabled administrator works only after [Service.Enable].
func (s *Service) Invite(ctx context.Context, username string) (*credential.Link, error) {
	link, stored, err := s.authenticator.NewLink(s.opts.InvitationLifetime)
	if err != nil {
		return nil, err
	}
	a, err := s.credentials().Invite(ctx, username, stored)
	if err != nil {
		return nil, err
	}
	link.Username = a.Username
	return link, nil
}

// Invitation returns the link of a token, without the token. It returns an error
// wrapping [store.ErrNotFound] if the link was used or replaced, if the
// administrator is disabled, or, as a [credential.LinkExpiredError], if the link
// has expired.
func (s *Service) Invitation(ctx context.Context, token store.Secret) (*credential.Link, error) {
	a, err := s.credentials().Invitation(ctx, token)
	if err != nil {
		return nil, err
	}
	return &credential.Link{Username: a.Username, ExpiresAt: a.Credentials.Invitation.ExpiresAt}, nil
}

// AcceptInvitation sets the password and uses up the token. It ends all sessions. A
// second factor stays on. If it rejects the password, it returns an error wrapping
// [store.ErrInvalid] on "password", and the token stays valid. It also returns the
// errors of [Service.Invitation].
func (s *Service) AcceptInvitation(ctx context.Context, token, password store.Secret) (*Administrator, error) {
	return s.credentials().AcceptInvitation(ctx, token, password)
}

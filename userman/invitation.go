package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
)

// Invite makes a link with which the person can set a password once; an earlier
// link stops to work. Password and sessions stay as they are until then. The
// link of a disabled person does not work until [Service.Enable]. A
// [store.ConflictError] for people whose directory keeps their password.
func (s *Service) Invite(ctx context.Context, username string) (*Link, error) {
	link, err := s.issueLink(passwordLink, s.opts.InvitationLifetime)
	if err != nil {
		return nil, err
	}
	_, err = s.mutate(ctx, "invite", username, s.withCredentialCheck(func(_ context.Context, u *User) error {
		if err := s.requireLocalPassword(u); err != nil {
			return err
		}
		link.assign(u)
		return nil
	}))
	if err != nil {
		return nil, err
	}
	return &link.Link, nil
}

// Invitation returns whose link a token is. A [LinkExpiredError], or a
// [store.NotFoundError] when it was used or replaced, or when its person is
// disabled or gone.
func (s *Service) Invitation(ctx context.Context, token store.Secret) (*Link, error) {
	return s.readLink(ctx, passwordLink, token)
}

// AcceptInvitation sets the password and spends the token, which is kept when
// the password is refused ([store.InvalidError] on "password"). It ends all
// sessions and forgets remembered devices. A second factor stays. Errors are
// those of [Service.Invitation]; and a [store.ConflictError] for people whose
// directory keeps the password by now.
func (s *Service) AcceptInvitation(ctx context.Context, token, password store.Secret) (*User, error) {
	const action = "accept invitation"
	// What is no link is not kept in the trail: strangers could fill it.
	u, err := s.userByLink(ctx, passwordLink, token)
	if err != nil {
		return nil, err
	}
	hash, err := s.hashPassword(ctx, u, password)
	if err != nil {
		s.audit.RecordFailure(ctx, s.userEvent(action, u.Username), err)
		return nil, err
	}
	accept := s.replacePassword(hash, func(u *User) { u.MustChangePassword = false })
	return s.mutateByID(ctx, action, u.ID, func(ctx context.Context, u *User) error {
		if err := s.checkLink(passwordLink, u, auth.HashToken(token)); err != nil {
			return err
		}
		return accept(ctx, u)
	})
}

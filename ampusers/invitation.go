package ampusers

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Link is a token with which a password may be set once.
type Link struct {
	Username string `json:"username"`
	// Token is shown this once: 43 letters, digits, dashes and underscores.
	// [Service.Invitation] leaves it out.
	Token store.Secret `json:"-"`
	// ExpiresAt is when it stops to work.
	ExpiresAt time.Time `json:"expires_at"`
}

// Invite makes a link with which the administrator can set a password once;
// an earlier link stops to work. The password that is set, and sessions, stay
// as they are until then. The link of a disabled administrator does not work
// until [Service.Enable].
func (s *Service) Invite(ctx context.Context, username string) (*Link, error) {
	link, hash, err := s.newLink()
	if err != nil {
		return nil, err
	}
	a, err := s.act(ctx, "invite", username, func(_ context.Context, a *Administrator) error {
		link.invite(a, hash)
		return nil
	})
	if err != nil {
		return nil, err
	}
	link.Username = a.Username
	return link, nil
}

// newLink makes a link that is nobody's yet, and the hash of its token.
func (s *Service) newLink() (*Link, []byte, error) {
	token, hash, err := login.NewToken(s.random)
	if err != nil {
		return nil, nil, err
	}
	return &Link{Token: token, ExpiresAt: s.now().Add(s.lifetime)}, hash, nil
}

// invite gives the link to a.
func (l *Link) invite(a *Administrator, hash []byte) {
	a.Credentials.Invitation = &Invitation{TokenHash: hash, ExpiresAt: l.ExpiresAt}
}

// Invitation returns whose link a token is, or a [store.NotFoundError] when it
// was used, replaced or has expired, or when its administrator is disabled.
func (s *Service) Invitation(ctx context.Context, token store.Secret) (*Link, error) {
	a, err := s.invited(ctx, login.HashToken(token))
	if err != nil {
		return nil, err
	}
	return &Link{Username: a.Username, ExpiresAt: a.Credentials.Invitation.ExpiresAt}, nil
}

// invited returns the administrator whose link works and has this hash.
func (s *Service) invited(ctx context.Context, hash []byte) (*Administrator, error) {
	notFound := &store.NotFoundError{Kind: "invitation"}
	if hash == nil {
		return nil, notFound
	}
	a, err := s.store.InvitedAdministrator(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound
	}
	if err != nil {
		return nil, err
	}
	if a.Disabled || !s.now().Before(a.Credentials.Invitation.ExpiresAt) {
		return nil, notFound
	}
	return a, nil
}

// AcceptInvitation sets the password and spends the token, which is kept when
// the password is refused ([store.InvalidError] on "password"). It ends all
// sessions. A second factor stays. Errors are those of [Service.Invitation].
func (s *Service) AcceptInvitation(ctx context.Context, token, password store.Secret) (*Administrator, error) {
	const action = "accept invitation"
	tokenHash := login.HashToken(token)
	// What is no link is not kept in the trail: strangers could fill it.
	a, err := s.invited(ctx, tokenHash)
	if err != nil {
		return nil, err
	}
	hash, err := s.hashFor(ctx, a, password)
	if err != nil {
		s.trail.RecordFailure(ctx, event(action, a.Username), err)
		return nil, err
	}
	var after *Administrator
	if err := s.trail.ActOnce(ctx, s.store, event(action, a.Username), func(ctx context.Context, event *audit.Event) error {
		before, err := s.invited(ctx, tokenHash)
		if err != nil {
			return err
		}
		after = before.Clone()
		s.take(after, hash)
		after.Credentials.Devices = nil
		return s.keep(ctx, event, before, after)
	}); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", after.Username)
	return shown(after), nil
}

package ampusers

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// InvitationLink is a token with which a password may be set once.
type InvitationLink struct {
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
func (s *Service) Invite(ctx context.Context, username string) (*InvitationLink, error) {
	link, hash, err := s.issueLink()
	if err != nil {
		return nil, err
	}
	a, err := s.mutate(ctx, "invite", username, func(_ context.Context, a *Administrator) error {
		link.assign(a, hash)
		return nil
	})
	if err != nil {
		return nil, err
	}
	link.Username = a.Username
	return link, nil
}

// issueLink makes a link that is nobody's yet, and the hash of its token.
func (s *Service) issueLink() (*InvitationLink, []byte, error) {
	token, hash, err := auth.NewToken(s.random)
	if err != nil {
		return nil, nil, err
	}
	return &InvitationLink{Token: token, ExpiresAt: s.now().Add(s.invitationLifetime)}, hash, nil
}

// assign gives the link to a.
func (l *InvitationLink) assign(a *Administrator, hash []byte) {
	a.Credentials.Invitation = &credential.OneTimeToken{TokenHash: hash, ExpiresAt: l.ExpiresAt}
}

// Invitation returns whose link a token is, or a [store.NotFoundError] when it
// was used, replaced or has expired, or when its administrator is disabled.
func (s *Service) Invitation(ctx context.Context, token store.Secret) (*InvitationLink, error) {
	a, err := s.administratorByInvitation(ctx, auth.HashToken(token))
	if err != nil {
		return nil, err
	}
	return &InvitationLink{Username: a.Username, ExpiresAt: a.Credentials.Invitation.ExpiresAt}, nil
}

// administratorByInvitation returns the administrator whose link works and has this hash.
func (s *Service) administratorByInvitation(ctx context.Context, hash []byte) (*Administrator, error) {
	notFound := &store.NotFoundError{Kind: "invitation"}
	if hash == nil {
		return nil, notFound
	}
	a, err := s.store.AdministratorByInvitation(ctx, hash)
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
	tokenHash := auth.HashToken(token)
	// What is no link is not kept in the trail: strangers could fill it.
	a, err := s.administratorByInvitation(ctx, tokenHash)
	if err != nil {
		return nil, err
	}
	hash, err := s.hashPassword(ctx, a, password)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent(action, a.Username), err)
		return nil, err
	}
	var after *Administrator
	if err := s.audit.Do(ctx, s.store, newEvent(action, a.Username), func(ctx context.Context, r *audit.Recorder) error {
		before, err := s.administratorByInvitation(ctx, tokenHash)
		if err != nil {
			return err
		}
		after = before.Clone()
		s.setPasswordHash(after, hash)
		after.Credentials.Devices = nil
		return s.save(ctx, r, before, after)
	}); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", after.Username)
	return redact(after), nil
}

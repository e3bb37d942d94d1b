package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// The paths of links in mails, below [Options].BaseURL. In a link to set a password or a
// softphone, the token follows the path. PortalPath is the path of the page where users
// log in.
const (
	SetPasswordPath = "/set-password/"
	ActivationPath  = "/softphone/"
	PortalPath      = "/portal"
)

// linkKind is a kind of link. A user has at most one link of each kind.
type linkKind struct {
	// name is the name of the kind in errors.
	name   string
	path   string
	lookup func(hash []byte) UserLookup
	// slot returns the field of u that holds the link.
	slot func(u *User) **credential.OneTimeToken
}

// passwordLink sets a password, activationLink sets up a softphone.
var (
	passwordLink = linkKind{
		"invitation", SetPasswordPath,
		func(hash []byte) UserLookup { return UserLookup{InvitationHash: hash} },
		func(u *User) **credential.OneTimeToken { return &u.Credentials.Invitation },
	}
	activationLink = linkKind{
		"softphone activation", ActivationPath,
		func(hash []byte) UserLookup { return UserLookup{ActivationHash: hash} },
		func(u *User) **credential.OneTimeToken { return &u.Activation },
	}
)

func (k linkKind) notFound() error { return &store.NotFoundError{Kind: k.name} }

// issuedLink is a new link, not assigned to a user yet.
type issuedLink struct {
	*credential.Link

	kind   linkKind
	stored *credential.OneTimeToken
}

// issueLink returns a new link with that lifetime.
func (s *Service) issueLink(kind linkKind, lifetime time.Duration) (*issuedLink, error) {
	link, stored, err := s.authenticator.NewLink(lifetime)
	if err != nil {
		return nil, err
	}
	link.URL = s.linkURL(kind.path, link.Token)
	return &issuedLink{link, kind, stored}, nil
}

// linkURL returns the URL of the link of a token; zero without a BaseURL.
func (s *Service) linkURL(path string, token store.Secret) store.Secret {
	base := s.opts().BaseURL
	if base == nil {
		return store.Secret{}
	}
	return store.NewSecret(base.JoinPath(path, token.Reveal()).String())
}

// assign makes l the link of u. An earlier link no longer works.
func (l *issuedLink) assign(u *User, creator credential.Creator) {
	l.UserID, l.Username = u.ID, u.Username
	stored := l.stored.Clone()
	stored.Creator = creator
	*l.kind.slot(u) = stored
}

// userByLink returns the user with a valid link of this token.
func (s *Service) userByLink(ctx context.Context, kind linkKind, token store.Secret) (*User, error) {
	hash := auth.HashToken(token)
	if hash == nil {
		return nil, kind.notFound()
	}
	u, err := s.requireInScope(ctx)(s.store.FindUser(ctx, kind.lookup(hash)))
	if errors.Is(err, store.ErrNotFound) {
		return nil, kind.notFound()
	}
	if err != nil {
		return nil, err
	}
	return u, s.checkLink(kind, u, hash)
}

// checkLink returns an error if the hash is not that of a valid link of u.
func (s *Service) checkLink(kind linkKind, u *User, hash []byte) error {
	if u.Disabled {
		return kind.notFound()
	}
	return s.authenticator.CheckLink(kind.name, *kind.slot(u), hash)
}

// readLink returns the valid link of this token, without the token.
func (s *Service) readLink(ctx context.Context, kind linkKind, token store.Secret) (*credential.Link, error) {
	u, err := s.userByLink(ctx, kind, token)
	if err != nil {
		return nil, err
	}
	return &credential.Link{UserID: u.ID, Username: u.Username, ExpiresAt: (*kind.slot(u)).ExpiresAt}, nil
}

// Invite creates a link. The user can use it once to set a password. The new link
// replaces an earlier link. The current password and sessions stay valid until the user
// uses the link. The link of a disabled user works only after [Service.Enable]. Invite
// returns an error wrapping [store.ErrConflict] if the user's directory manages the
// password.
func (s *Service) Invite(ctx context.Context, username string) (*credential.Link, error) {
	link, err := s.issueLink(passwordLink, s.opts().InvitationLifetime)
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

// Invitation returns the link of a token. The result does not contain the token.
// Invitation returns an error wrapping [store.ErrNotFound] if the link was used or
// replaced, or if the user is disabled or deleted. If the link has expired, this error
// is a [credential.LinkExpiredError].
func (s *Service) Invitation(ctx context.Context, token store.Secret) (*credential.Link, error) {
	return s.readLink(ctx, passwordLink, token)
}

// AcceptInvitation sets the password and uses up the token. It ends all sessions and
// forgets trusted devices. A second factor stays on. If it rejects the password, it
// returns an error wrapping [store.ErrInvalid] on "password", and the token stays
// valid. It returns an error wrapping [store.ErrConflict] if the user's directory now
// manages the password. It also returns the errors of [Service.Invitation].
func (s *Service) AcceptInvitation(ctx context.Context, token, password store.Secret) (*User, error) {
	return s.credentials().AcceptInvitation(ctx, token, password)
}

package userman

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// SetPasswordPath and ActivationPath are where, below [Options].BaseURL, links
// in mails lead, with the token behind it.
const (
	SetPasswordPath = "/person/password/"
	ActivationPath  = "/person/softphone/"
)

// Link is a token that works once.
type Link struct {
	// UserID and Username are of the person whose it is.
	UserID   string `json:"user_id"`
	Username string `json:"username"`
	// Token is shown this once: 43 letters, digits, dashes and underscores.
	// What reads a link leaves it out.
	Token store.Secret `json:"-"`
	// URL is where the person opens it; zero without [Options].BaseURL, and
	// where Token is.
	URL store.Secret `json:"-"`
	// ExpiresAt is when it stops to work.
	ExpiresAt time.Time `json:"expires_at"`
}

// LinkExpiredError says that a link is the newest one of its person and was not
// used, but has expired. It matches [store.ErrNotFound], so that who does not
// care treats it as any other link that does not work.
type LinkExpiredError struct{}

func (*LinkExpiredError) Error() string {
	return "this link has expired; ask for a new one"
}

// Is reports whether target is [store.ErrNotFound].
func (*LinkExpiredError) Is(target error) bool { return target == store.ErrNotFound }

// linkKind is one of the kinds of links that people have, of each one at most.
type linkKind struct {
	// name is what it is called in refusals.
	name   string
	path   string
	lookup func(hash []byte) UserLookup
	// slot returns where the link of u is kept.
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

// issuedLink is a link that is nobody's until it is given.
type issuedLink struct {
	Link

	kind   linkKind
	stored credential.OneTimeToken
}

// issuedLink makes a link that works for that long.
func (s *Service) issueLink(kind linkKind, lifetime time.Duration) (*issuedLink, error) {
	token, hash, err := auth.NewToken(s.opts.Random)
	if err != nil {
		return nil, err
	}
	expires := s.now().Add(lifetime)
	return &issuedLink{
		Link{Token: token, URL: s.linkURL(kind.path, token), ExpiresAt: expires},
		kind, credential.OneTimeToken{TokenHash: hash, ExpiresAt: expires},
	}, nil
}

// linkURL returns where people open the link of a token, or zero where it is
// not known how people reach the product.
func (s *Service) linkURL(path string, token store.Secret) store.Secret {
	if s.opts.BaseURL == nil {
		return store.Secret{}
	}
	return store.NewSecret(s.opts.BaseURL.JoinPath(path, token.Reveal()).String())
}

// assign makes it the link of u, in place of an earlier one.
func (l *issuedLink) assign(u *User) {
	l.UserID, l.Username = u.ID, u.Username
	*l.kind.slot(u) = l.stored.Clone()
}

// userByLink returns the person whose link that works has this token.
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

// checkLink refuses a link of that hash when it is not that of u, or does not work.
func (s *Service) checkLink(kind linkKind, u *User, hash []byte) error {
	link := *kind.slot(u)
	switch {
	case link == nil || !bytes.Equal(link.TokenHash, hash) || u.Disabled:
		return kind.notFound()
	case !s.now().Before(link.ExpiresAt):
		return &LinkExpiredError{}
	}
	return nil
}

// readLink returns whose link that works has this token, without the token.
func (s *Service) readLink(ctx context.Context, kind linkKind, token store.Secret) (*Link, error) {
	u, err := s.userByLink(ctx, kind, token)
	if err != nil {
		return nil, err
	}
	return &Link{UserID: u.ID, Username: u.Username, ExpiresAt: (*kind.slot(u)).ExpiresAt}, nil
}

package userman

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// lastUsedInterval is how often it is written down that a token without a limit is
// used.
const lastUsedInterval = time.Minute

// TokenRequest is what a program wants to do with a token.
type TokenRequest struct {
	// TokenID and Key are what it shows.
	TokenID string
	Key     store.Secret
	// Module is what it wants to use, and Extension for which extension;
	// empty where the module is not about an extension.
	Module    string
	Extension string
	// RemoteAddr is the address that it comes from, without a port.
	RemoteAddr netip.Addr
}

// Authorize lets a program act for the person whose token it shows, who is
// returned. Every refusal but one is a [store.ForbiddenError]: an unknown token
// and a wrong key get the same answer; whoever has the key is told which of the
// token's bounds is in the way. More requests in an hour than it allows are a
// [store.RateLimitedError]: RetryAfter is when the next one is counted. Only
// requests that are let in count. The person must be enabled and permitted
// [permission.RESTUse].
//
// Wrong keys are not throttled, because a key of 256 random bits cannot be
// guessed, and the trail is not told of requests: they are many.
func (s *Service) Authorize(ctx context.Context, r TokenRequest) (*User, error) {
	h, err := s.authenticateToken(ctx, r)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if reason := h.Token.inactiveReason(r, h.User, now); reason != "" {
		return nil, &store.ForbiddenError{Reason: reason}
	}
	resolver, err := s.resolverAt(ctx, h.GroupsRevision)
	if err != nil {
		return nil, err
	}
	if !resolver.For(h.User.PermissionSubject()).Enabled(permission.RESTUse) {
		return nil, &store.ForbiddenError{Reason: "the person of this API token may not use the API; ask your administrator to permit it"}
	}
	if reason := h.Token.scopeViolation(r, h.User); reason != "" {
		return nil, &store.ForbiddenError{Reason: reason}
	}
	if err := s.takeRequest(ctx, h.Token, now); err != nil {
		return nil, err
	}
	return s.redact(h.User), nil
}

// authenticateToken returns whose token a request shows, once it has proven the key.
func (s *Service) authenticateToken(ctx context.Context, r TokenRequest) (*TokenOwner, error) {
	if !tokenIDPattern.MatchString(r.TokenID) {
		return nil, errInvalidKey()
	}
	h, err := s.store.TokenWithOwner(ctx, r.TokenID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errInvalidKey()
	}
	if err != nil {
		return nil, err
	}
	if hash := auth.HashToken(r.Key); hash == nil || subtle.ConstantTimeCompare(hash, h.Token.KeyHash) != 1 {
		return nil, errInvalidKey()
	}
	return h, s.authorizeUser(ctx, h.User)
}

func errInvalidKey() error {
	return &store.ForbiddenError{Reason: "there is no API token with this ID and this key; look at both, or ask for another key"}
}

// inactiveReason returns why the token does not work now, from there, or for u; ""
// when it does.
func (t *Token) inactiveReason(r TokenRequest, u *User, now time.Time) string {
	switch {
	case t.Disabled:
		return "this API token is disabled; ask your administrator to enable it"
	case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now):
		return "this API token has expired; ask your administrator for another one"
	case len(t.Addresses) > 0 && !containsAddr(t.Addresses, r.RemoteAddr):
		return "this API token may not be used from this address; ask your administrator to add it"
	case u.Disabled || !u.DeletedAt.IsZero():
		return "the person of this API token is disabled; ask your administrator to enable them"
	}
	return ""
}

// containsAddr reports whether an address is in one of the networks.
func containsAddr(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// scopeViolation returns why the token does not reach what is asked for; "" when
// it does.
func (t *Token) scopeViolation(r TokenRequest, u *User) string {
	switch {
	case r.Module == "" || !listContains(t.Modules, r.Module):
		return "this API token does not reach this module; ask your administrator to add it"
	case r.Extension != "" && (!listContains(t.Extensions, r.Extension) || !u.HasExtension(r.Extension)):
		return "this API token does not reach this extension; it reaches those of its person only, all or some"
	}
	return ""
}

// listContains reports whether a list of a token holds the item, or All.
func listContains(list []string, item string) bool {
	return slices.Contains(list, item) || slices.Contains(list, permission.Any)
}

// takeRequest counts a request that is let in, or refuses it.
func (s *Service) takeRequest(ctx context.Context, t *Token, now time.Time) error {
	limit := t.RequestsPerHour
	if limit == unlimited {
		if idle := now.Sub(t.LastUsedAt); idle >= 0 && idle < lastUsedInterval {
			return nil
		}
		limit = 0
	}
	wait, err := s.store.TakeRequest(ctx, t.ID, now, limit)
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted since it was read
		return errInvalidKey()
	case err != nil:
		return err
	case wait > 0:
		return &store.RateLimitedError{RetryAfter: wait}
	}
	return nil
}

// AuthorizePhone says whether the phone of an extension may show a module: the
// person whose default extension it is, who is returned, is enabled and
// permitted the module by [permission.PhoneAppsModules]. It is a [store.ForbiddenError]
// otherwise.
func (s *Service) AuthorizePhone(ctx context.Context, extension, module string) (*User, error) {
	u, err := s.phoneOwner(ctx, extension)
	if err != nil {
		return nil, err
	}
	if u.Disabled {
		return nil, &store.ForbiddenError{Reason: "the person of this extension is disabled; ask your administrator to enable them"}
	}
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return nil, err
	}
	if !resolver.For(u.PermissionSubject()).Contains(permission.PhoneAppsModules, module) {
		return nil, &store.ForbiddenError{Reason: "the person of this extension may not use this app on the telephone; ask your administrator to permit it"}
	}
	return s.redact(u), nil
}

// phoneOwner returns whose default extension it is.
func (s *Service) phoneOwner(ctx context.Context, extension string) (*User, error) {
	nobody := &store.ForbiddenError{Reason: "this extension is nobody's default extension; ask your administrator to give it to a person"}
	if !validate.Extension().Valid(extension) {
		return nil, nobody
	}
	u, err := s.requireInScope(ctx)(s.store.FindUser(ctx, UserLookup{DefaultExtension: extension}))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nobody
	}
	return u, err
}

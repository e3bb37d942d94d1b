package apitoken

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// lastUsedInterval is the time between two writes of LastUsedAt for a token without
// a limit.
const lastUsedInterval = time.Minute

// Request is a request of a program with a token.
type Request struct {
	// TokenID and Key are the credentials of the program.
	TokenID ID
	Key     store.Secret
	// Module is the module that the program uses, and Extension the extension that
	// the request is about. Extension is empty for a module without extensions.
	Module    string
	Extension string
	// RemoteAddr is the address of the program, without a port.
	RemoteAddr netip.Addr
}

// Authenticate returns the owner of a token if the request is allowed. The owner must
// be enabled and have [permission.RESTUse].
//
// It returns an error wrapping [store.ErrForbidden] otherwise. An unknown ID and a
// wrong key get the same error; the holder of the key gets the reason. Above the
// limit of requests it returns a [store.RateLimitedError], whose RetryAfter is the
// time until the next request is counted. Rejected requests do not count.
//
// Wrong keys are not rate-limited: nobody can guess a key of 256 random bits. The
// audit log does not record requests, because there are too many.
func (s *Service) Authenticate(ctx context.Context, r Request) (*userman.User, error) {
	owned, err := s.verifyKey(ctx, r)
	if err != nil {
		return nil, err
	}
	access, err := s.users.Access(ctx)
	if err != nil {
		return nil, err
	}
	u, err := access.Redact(owned.User)
	if errors.Is(err, store.ErrForbidden) {
		return nil, errInvalidKey()
	}
	if err != nil {
		return nil, err
	}
	now := s.now()
	if reason := owned.Token.inactiveReason(r, u, now); reason != "" {
		return nil, &store.ForbiddenError{Reason: reason}
	}
	resolver, err := access.PermissionResolverAt(ctx, owned.GroupsRevision)
	if err != nil {
		return nil, err
	}
	if !resolver.For(u.PermissionSubject()).Enabled(permission.RESTUse) {
		return nil, &store.ForbiddenError{Reason: "the user of this API token does not have the permission rest.use; ask your administrator for it"}
	}
	if reason := owned.Token.denialReason(r, u); reason != "" {
		return nil, &store.ForbiddenError{Reason: reason}
	}
	if err := s.takeRequest(ctx, owned.Token, now); err != nil {
		return nil, err
	}
	return u, nil
}

// verifyKey returns the token of a request with its owner if the key is right.
func (s *Service) verifyKey(ctx context.Context, r Request) (*Owned, error) {
	if !r.TokenID.isValid() {
		return nil, errInvalidKey()
	}
	owned, err := s.store.TokenWithOwner(ctx, r.TokenID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errInvalidKey()
	}
	if err != nil {
		return nil, err
	}
	if hash := auth.HashToken(r.Key); hash == nil || subtle.ConstantTimeCompare(hash, owned.Token.KeyHash) != 1 {
		return nil, errInvalidKey()
	}
	return owned, nil
}

func errInvalidKey() error {
	return &store.ForbiddenError{Reason: "the ID or the key of the API token is wrong; check both, or ask for a new key"}
}

// inactiveReason returns why the token does not work now, from this address or for
// this user; "" if it works.
func (t *Token) inactiveReason(r Request, u *userman.User, now time.Time) string {
	switch {
	case t.Disabled:
		return "this API token is disabled; ask your administrator to enable it"
	case !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(now):
		return "this API token has expired; ask your administrator for a new one"
	case len(t.Addresses) > 0 && !containsAddr(t.Addresses, r.RemoteAddr):
		return "this API token cannot be used from this address; ask your administrator to add the address"
	case u.Disabled || !u.DeletedAt.IsZero():
		return "the user of this API token is disabled; ask your administrator to enable the user"
	}
	return ""
}

// containsAddr reports whether one of the networks contains the address.
func containsAddr(networks []netip.Prefix, addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// denialReason returns why the token has no access to the module or the extension of
// a request; "" if it has.
func (t *Token) denialReason(r Request, u *userman.User) string {
	switch {
	case r.Module == "" || !listContains(t.Modules, r.Module):
		return "this API token has no access to this module; ask your administrator to add the module"
	case r.Extension != "" && (!listContains(t.Extensions, r.Extension) || !u.HasExtension(r.Extension)):
		return "this API token has no access to this extension; a token can access only extensions of its user"
	}
	return ""
}

// listContains reports whether a list of a token holds the item or permission.Any.
func listContains(list []string, item string) bool {
	return slices.Contains(list, item) || slices.Contains(list, permission.Any)
}

// takeRequest counts an allowed request. It returns a RateLimitedError above the
// limit.
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

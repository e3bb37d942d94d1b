package userman_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Whoever asks whether a password is right could guess it, and hold up whose it
// is.
func TestService_Scoped_forbidsOutOfScopeLogin(t *testing.T) {
	t.Parallel()
	all := newService(t, func(o *userman.Options) { o.LoginByExtension = true })
	scoped := all.scoped(extensions1xx)
	for _, u := range []*userman.User{newUser("jane", "101"), newUser("joan", "201")} {
		all.createUser(t, u, goodPassword)
		all.setPermission(t, u.Username, permission.XMPPLogin, permission.On())
	}
	require.NoError(t, scoped.verifyXMPP(t, "jane", goodPassword))
	for _, name := range []string{"joan", "201"} {
		for what, err := range map[string]error{
			"VerifyFor":                   scoped.verifyXMPP(t, name, goodPassword),
			"VerifyFor, a wrong password": scoped.verifyXMPP(t, name, anotherPassword),
			"MayUse":                      errOf2(scoped.CanUseService(t.Context(), "xmpp", name)),
			"Authenticate":                errOf2(scoped.Authenticate(t.Context(), newLoginAttempt(name, goodPassword))),
		} {
			_, forbidden := errors.AsType[*store.ForbiddenError](err)
			require.True(t, forbidden, "%s: %v", what, err)
		}
	}
	require.ErrorIs(t, scoped.verifyXMPP(t, "joan", anotherPassword), store.ErrForbidden)
	require.Equal(t, "denied access joan: forbidden", all.lastAuditEntry(t))
	requireLoginError(t, scoped.verifyXMPP(t, "nobody", goodPassword), credential.InvalidCredentials)
}

// Else whoever is held up with one name, and never with another, knows that
// there is somebody; and could fill the trail.
func TestService_Scoped_limitsGuessesLikeUnknownUser(t *testing.T) {
	t.Parallel()
	for source, ctx := range map[string]context.Context{"no address": t.Context(), "an address": anonymousContext(t, "192.0.2.1")} {
		all := newService(t)
		scoped := all.scoped(extensions1xx)
		all.createUser(t, newUser("joan", "201"), goodPassword)
		all.setPermission(t, "joan", permission.XMPPLogin, permission.On())
		guess := func(name string) (rateLimited []bool) {
			for range 60 {
				_, err := scoped.AuthenticateService(ctx, "xmpp", name, secret(anotherPassword))
				rateLimited = append(rateLimited, errors.Is(err, store.ErrRateLimited))
			}
			return rateLimited
		}
		want := guess("nobody")
		require.Contains(t, want, true, source)
		all.clock.Advance(time.Hour)
		require.Equal(t, want, guess("joan"), source)
		require.Less(t, len(all.entries(t, audit.Query{Key: "joan", Outcome: audit.Denied})), 30, source)
		require.NoError(t, all.verifyXMPP(t, "joan", goodPassword), "nobody is held up by that")
	}
}

// Or each call of Within would give a guesser as many tries again.
func TestService_Scoped_sharesRateLimits(t *testing.T) {
	t.Parallel()
	all := newService(t)
	all.createUser(t, newUser("jane", "101"), goodPassword)
	all.setPermission(t, "jane", permission.XMPPLogin, permission.On())
	var err error
	for range 30 {
		err = all.scoped(extensions1xx).verifyXMPP(t, "jane", anotherPassword)
	}
	require.ErrorIs(t, err, store.ErrRateLimited)
	require.ErrorIs(t, all.verifyXMPP(t, "jane", goodPassword), store.ErrRateLimited)
}

func TestService_Scoped_forbidsOutOfScopeInvitation(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	link, err := all.Invite(t.Context(), "joan")
	require.NoError(t, err)
	require.ErrorIs(t, errOf2(scoped.Invitation(t.Context(), link.Token)), store.ErrForbidden)
	require.ErrorIs(t, errOf2(scoped.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))), store.ErrForbidden)
	_, err = all.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

// A token that somebody else enables later must not have become more meanwhile.
func TestService_Scoped_disablesOutOfScopeTokenOnly(t *testing.T) {
	t.Parallel()
	all, scoped := newScopedEnv(t)
	for _, username := range createOverprivilegedUsers(t, all) {
		token, _ := all.createToken(t, username, apitoken.Token{Modules: []string{"contacts"}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
		change := func(change func(t *apitoken.Token)) error {
			return errOf2(scoped.tokens.Update(t.Context(), token.ID, func(t *apitoken.Token) error {
				t.Disabled = true
				change(t)
				return nil
			}))
		}
		requireDenied := func() {
			t.Helper()
			require.ErrorIs(t, change(func(t *apitoken.Token) { t.Modules = []string{permission.Any} }), store.ErrForbidden, username)
			require.ErrorIs(t, change(func(t *apitoken.Token) { t.Addresses = nil }), store.ErrForbidden, username)
			require.ErrorIs(t, change(func(t *apitoken.Token) { t.RequestsPerHour = -1 }), store.ErrForbidden, username)
		}
		requireDenied()
		require.NoError(t, change(func(*apitoken.Token) {}))
		requireDenied()
		require.NoError(t, change(func(*apitoken.Token) {}), "it is disabled already")
		stored, err := all.tokens.Get(t.Context(), token.ID)
		require.NoError(t, err)
		require.Equal(t, token.Modules, stored.Modules)
		require.True(t, stored.Disabled)
	}
	all.requireAuditIntact(t)
}

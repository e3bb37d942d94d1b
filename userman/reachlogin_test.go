package userman_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// Whoever asks whether a password is right could guess it, and hold up whose it
// is.
func TestNobodyLogsInOutOfReach(t *testing.T) {
	t.Parallel()
	all := newService(t, func(o *userman.Options) { o.LoginByExtension = true })
	within := all.within(hundreds)
	for _, u := range []*userman.User{person("jane", "101"), person("joan", "201")} {
		all.add(t, u, goodPassword)
		all.permit(t, u.Username, userman.XMPPLogin, userman.On())
	}
	require.NoError(t, within.verify(t, "jane", goodPassword))
	for _, name := range []string{"joan", "201"} {
		for what, err := range map[string]error{
			"VerifyFor":                   within.verify(t, name, goodPassword),
			"VerifyFor, a wrong password": within.verify(t, name, anotherPassword),
			"MayUse":                      second(within.MayUse(t.Context(), "xmpp", name)),
			"Authenticate":                second(within.Authenticate(t.Context(), attempt(name, goodPassword))),
		} {
			_, forbidden := errors.AsType[*store.ForbiddenError](err)
			require.True(t, forbidden, "%s: %v", what, err)
		}
	}
	require.ErrorIs(t, within.verify(t, "joan", anotherPassword), store.ErrForbidden)
	require.Equal(t, "refused access joan: forbidden", all.told(t))
	requireRefused(t, within.verify(t, "nobody", goodPassword), credential.WrongPassword)
}

// Else whoever is held up with one name, and never with another, knows that
// there is somebody; and could fill the trail.
func TestGuessesOutOfReachCountAsThoseAtANameThatNobodyHas(t *testing.T) {
	t.Parallel()
	for source, ctx := range map[string]context.Context{"no address": t.Context(), "an address": from(t, "192.0.2.1")} {
		all := newService(t)
		within := all.within(hundreds)
		all.add(t, person("joan", "201"), goodPassword)
		all.permit(t, "joan", userman.XMPPLogin, userman.On())
		guess := func(name string) (held []bool) {
			for range 60 {
				_, err := within.VerifyFor(ctx, "xmpp", name, secret(anotherPassword))
				held = append(held, errors.Is(err, store.ErrThrottled))
			}
			return held
		}
		want := guess("nobody")
		require.Contains(t, want, true, source)
		all.clock.Pass(time.Hour)
		require.Equal(t, want, guess("joan"), source)
		require.Less(t, len(all.entries(t, audit.Query{Key: "joan", Outcome: audit.Refused})), 30, source)
		require.NoError(t, all.verify(t, "joan", goodPassword), "nobody is held up by that")
	}
}

// Or each call of Within would give a guesser as many tries again.
func TestGuessesCountTogetherWhateverIsReached(t *testing.T) {
	t.Parallel()
	all := newService(t)
	all.add(t, person("jane", "101"), goodPassword)
	all.permit(t, "jane", userman.XMPPLogin, userman.On())
	var err error
	for range 30 {
		err = all.within(hundreds).verify(t, "jane", anotherPassword)
	}
	require.ErrorIs(t, err, store.ErrThrottled)
	require.ErrorIs(t, all.verify(t, "jane", goodPassword), store.ErrThrottled)
}

func TestALinkOfSomebodyOutOfReachIsNotRead(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	link, err := all.Invite(t.Context(), "joan")
	require.NoError(t, err)
	require.ErrorIs(t, second(within.Invitation(t.Context(), link.Token)), store.ErrForbidden)
	require.ErrorIs(t, second(within.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))), store.ErrForbidden)
	_, err = all.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

// A token that somebody else enables later must not have become more meanwhile.
func TestATokenOfSomebodyWhoMayDoMoreIsDisabledAndNothingElse(t *testing.T) {
	t.Parallel()
	all, within := limited(t)
	for _, username := range mighty(t, all) {
		token, _ := all.token(t, username, userman.Token{Modules: []string{"contacts"}, Addresses: prefixes("192.0.2.0/24")})
		change := func(change func(t *userman.Token)) error {
			return second(within.UpdateToken(t.Context(), token.ID, func(t *userman.Token) error {
				t.Disabled = true
				change(t)
				return nil
			}))
		}
		requireRefused := func() {
			t.Helper()
			require.ErrorIs(t, change(func(t *userman.Token) { t.Modules = []string{userman.All} }), store.ErrForbidden, username)
			require.ErrorIs(t, change(func(t *userman.Token) { t.Addresses = nil }), store.ErrForbidden, username)
			require.ErrorIs(t, change(func(t *userman.Token) { t.RequestsPerHour = -1 }), store.ErrForbidden, username)
		}
		requireRefused()
		require.NoError(t, change(func(*userman.Token) {}))
		requireRefused()
		require.NoError(t, change(func(*userman.Token) {}), "it is disabled already")
		kept, err := all.Token(t.Context(), token.ID)
		require.NoError(t, err)
		require.Equal(t, token.Modules, kept.Modules)
		require.True(t, kept.Disabled)
	}
	all.requireProven(t)
}

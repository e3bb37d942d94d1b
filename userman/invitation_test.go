package userman_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// baseURL has the service build links from there.
func baseURL(t testing.TB, base string) func(*userman.Options) {
	t.Helper()
	parsed, err := url.Parse(base)
	require.NoError(t, err)
	return func(o *userman.Options) { o.BaseURL = parsed }
}

func TestALinkSetsAPasswordOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "", baseURL(t, "https://pbx.example.com/phones/"))
			created := h.add(t, person("Jane"), "")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			require.Len(t, link.Token.Reveal(), 43)
			require.Equal(t, "https://pbx.example.com/phones/person/password/"+link.Token.Reveal(), link.URL.Reveal())
			require.Equal(t, h.clock.Now().Add(7*24*time.Hour), link.ExpiresAt)
			require.Equal(t, link.ExpiresAt, h.get(t, "jane").InvitedUntil)

			whose, err := h.Invitation(t.Context(), link.Token)
			require.NoError(t, err)
			require.Equal(t, &userman.Link{UserID: created.ID, Username: "Jane", ExpiresAt: link.ExpiresAt}, whose)
			accepted, err := h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
			require.NoError(t, err)
			require.True(t, accepted.HasPassword)
			require.True(t, accepted.InvitedUntil.IsZero())
			h.logIn(t, "jane", goodPassword)

			_, err = h.Invitation(t.Context(), link.Token)
			requireNoLink(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
			requireNoLink(t, err)
			h.requireProven(t)
		})
	}
}

func TestALinkThatDoesNotWorkAnyMore(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(ctx context.Context, h *house, jane string) error{
		"replaced": func(ctx context.Context, h *house, _ string) error { _, err := h.Invite(ctx, "jane"); return err },
		"disabled": func(ctx context.Context, h *house, _ string) error { _, err := h.Disable(ctx, "jane"); return err },
		"deleted":  func(ctx context.Context, h *house, _ string) error { return h.Delete(ctx, "jane") },
		"password set by hand": func(ctx context.Context, h *house, _ string) error {
			_, err := h.SetPassword(ctx, "jane", secret(anotherPassword), nil)
			return err
		},
		"password changed": func(ctx context.Context, h *house, jane string) error {
			_, err := h.ChangePassword(ctx, jane, secret(goodPassword), secret(anotherPassword))
			return err
		},
		"deleted and restored": func(ctx context.Context, h *house, jane string) error {
			if err := h.Delete(ctx, "jane"); err != nil {
				return err
			}
			_, err := h.Restore(ctx, jane, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t)
			jane := h.add(t, person("jane"), goodPassword)
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			require.NoError(t, end(t.Context(), h, jane.ID))
			_, err = h.Invitation(t.Context(), link.Token)
			requireNoLink(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret("a third & unlikely phrase"))
			requireNoLink(t, err)
			h.clock.Pass(8 * 24 * time.Hour)
			_, err = h.Invitation(t.Context(), link.Token)
			requireNoLink(t, err)
		})
	}
}

func TestAnExpiredLinkSaysSo(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.InvitationLifetime = 36 * time.Hour })
	h.add(t, person("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.clock.Pass(36*time.Hour - time.Microsecond)
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
	h.clock.Pass(time.Microsecond)
	_, err = h.Invitation(t.Context(), link.Token)
	requireExpired(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	requireExpired(t, err)

	_, err = h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Invitation(t.Context(), link.Token)
	requireNoLink(t, err)
}

func TestALinkOfADisabledPersonWorksOnceTheyAreEnabled(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), "")
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	requireNoLink(t, err)
	_, err = h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

func TestARefusedPasswordDoesNotSpendTheLink(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	for _, weak := range []string{"", "short", "jane-jane-jane-jane"} {
		_, err = h.AcceptInvitation(t.Context(), link.Token, secret(weak))
		require.ErrorIs(t, err, store.ErrInvalid)
	}
	require.Equal(t, "refused accept invitation jane: invalid: password (username)", h.told(t))
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

func TestALinkThatManyAcceptAtOnceWorksOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.add(t, person("jane"), "")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			password := func(i int) string { return fmt.Sprintf("%s %02d", goodPassword, i) }
			winner := -1
			for i, err := range together(20, func(i int) error {
				_, err := h.AcceptInvitation(t.Context(), link.Token, secret(password(i)))
				return err
			}) {
				if err == nil {
					require.Equal(t, -1, winner, "it worked twice")
					winner = i
					continue
				}
				requireNoLink(t, err)
			}
			require.NotEqual(t, -1, winner)
			h.logIn(t, "jane", password(winner))
			h.requireProven(t)
		})
	}
}

func TestATokenThatIsNone(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), "")
	h.add(t, person("joan"), "") // without links: an empty hash is nobody's
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	before := len(h.entries(t, audit.Query{}))
	for _, token := range []string{
		"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20), link.Token.Reveal() + "x", link.Token.Reveal()[1:],
		strings.ToUpper(link.Token.Reveal()), "\x00" + link.Token.Reveal()[1:],
	} {
		_, err = h.Invitation(t.Context(), secret(token))
		requireNoLink(t, err)
		_, err = h.AcceptInvitation(t.Context(), secret(token), secret(goodPassword))
		requireNoLink(t, err)
		_, err = h.SoftphoneLink(t.Context(), secret(token))
		requireNoLink(t, err)
		_, err = h.ActivateSoftphone(t.Context(), secret(token))
		requireNoLink(t, err)
	}
	_, err = h.ActivateSoftphone(t.Context(), link.Token)
	requireNoLink(t, err)
	require.Len(t, h.entries(t, audit.Query{}), before, "strangers do not fill the trail")
}

func TestOnlyAHashOfALinkIsKept(t *testing.T) {
	t.Parallel()
	h := newService(t, baseURL(t, "https://pbx.example.com"))
	h.add(t, person("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	want := sha256.Sum256([]byte(link.Token.Reveal()))
	require.Equal(t, want[:], h.kept(t, "jane").Credentials.Invitation.TokenHash)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", link, link, *link), link.Token.Reveal())
}

func TestALinkLeavesTheSecondFactor(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.add(t, person("jane"), goodPassword)
	h.enrol(t, jane.ID)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), attempt("jane", anotherPassword))
	requireRefused(t, err, credential.CodeRequired)
}

func TestALinkIsNotAcceptedWhenTheCallerHasGone(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.AcceptInvitation(ctx, link.Token, secret(goodPassword))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
}

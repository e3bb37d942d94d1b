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

// withBaseURL has the service build links from there.
func withBaseURL(t testing.TB, base string) func(*userman.Options) {
	t.Helper()
	parsed, err := url.Parse(base)
	require.NoError(t, err)
	return func(o *userman.Options) { o.BaseURL = parsed }
}

func TestService_AcceptInvitation_setsPasswordOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "", withBaseURL(t, "https://pbx.example.com/phones/"))
			created := h.createUser(t, newUser("Jane"), "")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			require.Len(t, link.Token.Reveal(), 43)
			require.Equal(t, "https://pbx.example.com/phones/set-password/"+link.Token.Reveal(), link.URL.Reveal())
			require.Equal(t, h.clock.Now().Add(7*24*time.Hour), link.ExpiresAt)
			require.Equal(t, link.ExpiresAt, h.get(t, "jane").InvitationExpiresAt)

			got, err := h.Invitation(t.Context(), link.Token)
			require.NoError(t, err)
			require.Equal(t, &credential.Link{UserID: created.ID, Username: "Jane", ExpiresAt: link.ExpiresAt}, got)
			accepted, err := h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
			require.NoError(t, err)
			require.True(t, accepted.HasPassword)
			require.True(t, accepted.InvitationExpiresAt.IsZero())
			h.logIn(t, "jane", goodPassword)

			_, err = h.Invitation(t.Context(), link.Token)
			requireLinkNotFound(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
			requireLinkNotFound(t, err)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_AcceptInvitation_rejectsRevokedLink(t *testing.T) {
	t.Parallel()
	for name, revoke := range map[string]func(ctx context.Context, h *env, jane store.UserID) error{
		"replaced": func(ctx context.Context, h *env, _ store.UserID) error { _, err := h.Invite(ctx, "jane"); return err },
		"disabled": func(ctx context.Context, h *env, _ store.UserID) error { _, err := h.Disable(ctx, "jane"); return err },
		"deleted":  func(ctx context.Context, h *env, _ store.UserID) error { return h.Delete(ctx, "jane") },
		"password set by hand": func(ctx context.Context, h *env, _ store.UserID) error {
			_, err := h.SetPassword(ctx, "jane", secret(anotherPassword), nil)
			return err
		},
		"password changed": func(ctx context.Context, h *env, jane store.UserID) error {
			_, err := h.ChangePassword(ctx, jane, secret(goodPassword), secret(anotherPassword))
			return err
		},
		"deleted and restored": func(ctx context.Context, h *env, jane store.UserID) error {
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
			jane := h.createUser(t, newUser("jane"), goodPassword)
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			require.NoError(t, revoke(t.Context(), h, jane.ID))
			_, err = h.Invitation(t.Context(), link.Token)
			requireLinkNotFound(t, err)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret("a third & unlikely phrase"))
			requireLinkNotFound(t, err)
			h.clock.Advance(8 * 24 * time.Hour)
			_, err = h.Invitation(t.Context(), link.Token)
			requireLinkNotFound(t, err)
		})
	}
}

func TestService_AcceptInvitation_reportsExpiredLink(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.InvitationLifetime = 36 * time.Hour })
	h.createUser(t, newUser("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.clock.Advance(36*time.Hour - time.Microsecond)
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
	h.clock.Advance(time.Microsecond)
	_, err = h.Invitation(t.Context(), link.Token)
	requireLinkExpired(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	requireLinkExpired(t, err)

	_, err = h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.Invitation(t.Context(), link.Token)
	requireLinkNotFound(t, err)
}

func TestService_AcceptInvitation_requiresEnabledUser(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	requireLinkNotFound(t, err)
	_, err = h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

func TestService_AcceptInvitation_weakPasswordKeepsLink(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	for _, weak := range []string{"", "short", "jane-jane-jane-jane"} {
		_, err = h.AcceptInvitation(t.Context(), link.Token, secret(weak))
		require.ErrorIs(t, err, store.ErrInvalid)
	}
	require.Equal(t, "denied accept invitation jane: invalid: password (username)", h.lastAuditEntry(t))
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

func TestService_AcceptInvitation_succeedsOnceConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			password := func(i int) string { return fmt.Sprintf("%s %02d", goodPassword, i) }
			winner := -1
			for i, err := range runConcurrently(20, func(i int) error {
				_, err := h.AcceptInvitation(t.Context(), link.Token, secret(password(i)))
				return err
			}) {
				if err == nil {
					require.Equal(t, -1, winner, "it worked twice")
					winner = i
					continue
				}
				requireLinkNotFound(t, err)
			}
			require.NotEqual(t, -1, winner)
			h.logIn(t, "jane", password(winner))
			h.requireAuditIntact(t)
		})
	}
}

func TestService_AcceptInvitation_rejectsUnknownToken(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	h.createUser(t, newUser("joan"), "") // without links: an empty hash is nobody's
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	before := len(h.entries(t, audit.Query{}))
	for _, token := range []string{
		"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20), link.Token.Reveal() + "x", link.Token.Reveal()[1:],
		strings.ToUpper(link.Token.Reveal()), "\x00" + link.Token.Reveal()[1:],
	} {
		_, err = h.Invitation(t.Context(), secret(token))
		requireLinkNotFound(t, err)
		_, err = h.AcceptInvitation(t.Context(), secret(token), secret(goodPassword))
		requireLinkNotFound(t, err)
		_, err = h.Softphones().Link(t.Context(), secret(token))
		requireLinkNotFound(t, err)
		_, err = h.Softphones().Activate(t.Context(), secret(token))
		requireLinkNotFound(t, err)
	}
	_, err = h.Softphones().Activate(t.Context(), link.Token)
	requireLinkNotFound(t, err)
	require.Len(t, h.entries(t, audit.Query{}), before, "strangers do not fill the trail")
}

func TestService_Invite_storesTokenHashOnly(t *testing.T) {
	t.Parallel()
	h := newService(t, withBaseURL(t, "https://pbx.example.com"))
	h.createUser(t, newUser("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	want := sha256.Sum256([]byte(link.Token.Reveal()))
	require.Equal(t, want[:], h.storedUser(t, "jane").Credentials.Invitation.TokenHash)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", link, link, *link), link.Token.Reveal())
}

func TestService_AcceptInvitation_keepsSecondFactor(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := h.createUser(t, newUser("jane"), goodPassword)
	h.enrollTOTP(t, jane.ID)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(anotherPassword))
	require.NoError(t, err)
	h.mfaAttempt(t, anotherPassword)
}

func TestService_AcceptInvitation_respectsContext(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.AcceptInvitation(ctx, link.Token, secret(goodPassword))
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
}

package ampusers_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestService_AcceptInvitation_setsPasswordOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createAdministrator(t, &ampusers.Administrator{Username: "Jane"}, "")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			require.Equal(t, "Jane", link.Username)
			require.Len(t, link.Token.Reveal(), 43)
			require.Equal(t, h.clock.Now().Add(24*time.Hour), link.ExpiresAt)
			jane, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.Equal(t, link.ExpiresAt, jane.InvitationExpiresAt)

			whose, err := h.Invitation(t.Context(), link.Token)
			require.NoError(t, err)
			require.Equal(t, &credential.Link{Username: "Jane", ExpiresAt: link.ExpiresAt}, whose)

			accepted, err := h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
			require.NoError(t, err)
			require.True(t, accepted.HasPassword)
			require.True(t, accepted.InvitationExpiresAt.IsZero())
			_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
			require.NoError(t, err)

			_, err = h.Invitation(t.Context(), link.Token)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
			require.ErrorIs(t, err, store.ErrNotFound)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_AcceptInvitation_rejectsInvalidatedLink(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(h *env){
		"expired":  func(h *env) { h.clock.Advance(24 * time.Hour) },
		"replaced": func(h *env) { _, err := h.Invite(h.t.Context(), "jane"); require.NoError(h.t, err) },
		"disabled": func(h *env) { _, err := h.Disable(h.t.Context(), "jane"); require.NoError(h.t, err) },
		"deleted":  func(h *env) { require.NoError(h.t, h.Delete(h.t.Context(), "jane")) },
		"password set manually": func(h *env) {
			_, err := h.SetPassword(h.t.Context(), "jane", secret(otherPassword), nil)
			require.NoError(h.t, err)
		},
		"given more rights": func(h *env) {
			_, err := h.Update(h.t.Context(), "jane", func(a *ampusers.Administrator) error {
				a.Sections = append(a.Sections, ampusers.SectionApply)
				return nil
			})
			require.NoError(h.t, err)
		},
		"recovered": func(h *env) { _, err := h.RestoreAccess(h.t.Context(), "jane"); require.NoError(h.t, err) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEnv(t, memstore.New())
			h.createLimited(t, "jane")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			h.clock.Advance(24*time.Hour - time.Microsecond)
			_, err = h.Invitation(t.Context(), link.Token)
			require.NoError(t, err)
			act(h)
			_, err = h.Invitation(t.Context(), link.Token)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
			require.ErrorIs(t, err, store.ErrNotFound)
		})
	}
}

func TestService_Update_keepsInvitationWithoutNewRights(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	for _, disabled := range []bool{true, false} {
		_, err = h.Update(t.Context(), "jane", func(a *ampusers.Administrator) error {
			a.DisplayName, a.Sections, a.Disabled = "Jane Doe", nil, disabled
			return nil
		})
		require.NoError(t, err)
	}
	_, err = h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
}

func TestService_Invitation_rejectsUnknownTokenWithoutAudit(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	_, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	before := len(h.auditEntries(t, audit.Query{}))
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 1<<20), "../../etc/passwd"} {
		_, err := h.Invitation(t.Context(), secret(token))
		require.ErrorIs(t, err, store.ErrNotFound)
		_, err = h.AcceptInvitation(t.Context(), secret(token), secret(goodPassword))
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Len(t, h.auditEntries(t, audit.Query{}), before)
}

func TestService_AcceptInvitation_setsPasswordOnceConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createLimited(t, "jane")
			link, err := h.Invite(t.Context(), "jane")
			require.NoError(t, err)
			used := 0
			for _, err := range runConcurrently(10, func(int) error {
				_, err := h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
				return err
			}) {
				if err == nil {
					used++
					continue
				}
				require.ErrorIs(t, err, store.ErrNotFound)
			}
			require.Equal(t, 1, used)
		})
	}
}

func TestService_Invite_keepsPasswordUntilAccepted(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New(), func(o *ampusers.Options) { o.InvitationLifetime = time.Hour })
	h.createLimited(t, "jane")
	login, err := h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, h.clock.Now().Add(time.Hour), link.ExpiresAt)
	_, err = h.Session(t.Context(), "jane", login.Administrator.SessionEpoch)
	require.NoError(t, err)
	_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", goodPassword))
	require.NoError(t, err)
}

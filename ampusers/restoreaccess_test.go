package ampusers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func TestService_RestoreAccess_restoresFullAccess(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			h.createFull(t, "boss")
			h.createAdministrator(t, &ampusers.Administrator{
				Username: "Jane", DisplayName: "Jane", Sections: []string{"managers"}, Teams: []string{"acme"},
				Extensions: mustRanges(t, "100"), DIDs: mustRanges(t, "100"),
			}, goodPassword)
			h.enrollTOTP(t)
			_, err := h.Disable(t.Context(), "jane")
			require.NoError(t, err)
			ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Console, Name: "root"})
			link, err := h.RestoreAccess(ctx, "JANE")
			require.NoError(t, err)
			require.Equal(t, "Jane", link.Username)

			jane, err := h.Get(t.Context(), "jane")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, jane.Access)
			require.False(t, jane.Disabled || jane.HasSecondFactor)
			require.True(t, jane.HasPassword, "the password stays until the link is used")
			require.Empty(t, jane.Sections)
			require.Empty(t, jane.Teams)
			require.True(t, jane.Extensions.IsUnrestricted() && jane.DIDs.IsUnrestricted())
			require.Equal(t, "Jane", jane.DisplayName)
			require.Equal(t, "succeeded recover Jane", h.lastAuditEntry(t))
			require.Equal(t, audit.Console, h.auditEntries(t, audit.Query{})[0].Actor.Kind)

			_, err = h.AcceptInvitation(t.Context(), link.Token, secret(otherPassword))
			require.NoError(t, err)
			_, err = h.Authenticate(t.Context(), newLoginAttempt("jane", otherPassword))
			require.NoError(t, err)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_RestoreAccess_createsMissingAdministrator(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	link, err := h.RestoreAccess(t.Context(), " rescue ")
	require.NoError(t, err)
	require.Equal(t, "rescue", link.Username)
	rescue, err := h.AcceptInvitation(t.Context(), link.Token, secret(goodPassword))
	require.NoError(t, err)
	require.Equal(t, ampusers.Full, rescue.Access)
	_, err = h.RestoreAccess(t.Context(), "not a name!")
	requireFields(t, err, "username: username")
	h.requireAuditIntact(t)
}

func TestService_Bootstrap_createsAdministratorWithoutPassword(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			link, err := h.Bootstrap(t.Context())
			require.NoError(t, err)
			require.Equal(t, "admin", link.Username)
			admin, err := h.Get(t.Context(), "admin")
			require.NoError(t, err)
			require.Equal(t, ampusers.Full, admin.Access)
			require.False(t, admin.HasPassword)

			// Another start before the link is used returns a new link.
			second, err := h.Bootstrap(t.Context())
			require.NoError(t, err)
			_, err = h.Invitation(t.Context(), link.Token)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.AcceptInvitation(t.Context(), second.Token, secret(goodPassword))
			require.NoError(t, err)

			entries := len(h.auditEntries(t, audit.Query{}))
			none, err := h.Bootstrap(t.Context())
			require.NoError(t, err)
			require.Nil(t, none)
			require.Len(t, h.auditEntries(t, audit.Query{}), entries, "no change, no entry")
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Bootstrap_invitesExistingFullAdministrator(t *testing.T) {
	t.Parallel()
	h := newEnv(t, memstore.New())
	h.createLimited(t, "jane")
	link, err := h.Bootstrap(t.Context())
	require.NoError(t, err)
	require.Nil(t, link, "only Recover helps")
	require.Equal(t, "jane", names(mustList(t, h, ampusers.Query{})))

	h.createAdministrator(t, &ampusers.Administrator{Username: "zoe", Access: ampusers.Full}, "")
	h.createAdministrator(t, &ampusers.Administrator{Username: "boss", Access: ampusers.Full}, "")
	h.createAdministrator(t, &ampusers.Administrator{Username: "asleep", Access: ampusers.Full, Disabled: true}, goodPassword)
	link, err = h.Bootstrap(t.Context())
	require.NoError(t, err)
	require.Equal(t, "boss", link.Username)
	_, err = h.SetPassword(t.Context(), "zoe", secret(goodPassword), nil)
	require.NoError(t, err)
	link, err = h.Bootstrap(t.Context())
	require.NoError(t, err)
	require.Nil(t, link)
}

func TestService_Bootstrap_createsOneAdministratorConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			h := newEnv(t, db)
			links := make([]*credential.Link, 10)
			for _, err := range runConcurrently(len(links), func(i int) (err error) {
				links[i], err = h.Bootstrap(t.Context())
				return err
			}) {
				require.NoError(t, err)
			}
			require.Len(t, mustList(t, h, ampusers.Query{}).Items, 1)
			works := 0
			for _, link := range links {
				if _, err := h.Invitation(t.Context(), link.Token); err == nil {
					works++
				}
			}
			require.Equal(t, 1, works, "the newest link works")
			h.requireAuditIntact(t)
		})
	}
}

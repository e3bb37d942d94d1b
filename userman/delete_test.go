package userman_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// deleteUser deletes a user and returns the ID.
func (h *env) deleteUser(t testing.TB, username string) store.UserID {
	t.Helper()
	id := h.get(t, username).ID
	require.NoError(t, h.Delete(t.Context(), username))
	return id
}

func TestService_Delete_softDeletesAndRestores(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", nil)
			jane := newUser("jane", "1001", "1002")
			jane.Groups = []string{"Sales"}
			before := h.createUser(t, jane, goodPassword)
			h.clock.Advance(time.Minute)
			id := h.deleteUser(t, "JANE")

			_, err := h.Get(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.getByExtension(t, "1001")
			require.ErrorIs(t, err, store.ErrNotFound)
			require.ErrorIs(t, h.Delete(t.Context(), "jane"), store.ErrNotFound)
			for status, want := range map[userman.Status][]string{"": {}, userman.StatusEnabled: {}, userman.StatusDeleted: {"jane"}} {
				list, err := h.List(t.Context(), userman.Query{Status: status})
				require.NoError(t, err)
				require.Equal(t, want, usernames(list))
			}
			require.NoError(t, h.Each(t.Context(), func(*userman.User) error { return errors.New("somebody") }))
			sales, err := h.Groups().Get(t.Context(), "Sales")
			require.NoError(t, err)
			require.Zero(t, sales.Members)

			deleted, err := h.GetByID(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, h.clock.Now(), deleted.DeletedAt)
			require.Equal(t, "1001", deleted.DefaultExtension)
			stored, err := h.store.User(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, before.SessionEpoch+1, stored.SessionEpoch)
			h.requireAuditIntact(t)

			h.createUser(t, newUser("jane", "1001"), "") // username and extension are free
			_, err = h.Restore(t.Context(), id, nil)
			requireFieldErrors(t, err, "username: already_exists", "default_extension: already_exists")
			require.ErrorIs(t, err, store.ErrAlreadyExists)
			h.deleteUser(t, "jane")
			restored, err := h.Restore(t.Context(), id, nil)
			require.NoError(t, err)
			require.True(t, restored.DeletedAt.IsZero())
			require.Equal(t, []string{"Sales"}, restored.Groups)
			require.True(t, restored.HasPassword)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Delete_revokesInvitation(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane"), "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	id := h.deleteUser(t, "jane")
	_, err = h.Invitation(t.Context(), link.Token)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.Restore(t.Context(), id, nil)
	require.NoError(t, err)
	_, err = h.Invitation(t.Context(), link.Token)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Restore_appliesChange(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	id := h.deleteUser(t, "jane")
	h.createUser(t, newUser("jane"), "")
	h.createUser(t, newUser("joan", "1001"), "")
	_, err := h.Restore(t.Context(), id, func(u *userman.User) error {
		u.Username = "jane.doe"
		return nil
	})
	requireAlreadyExists(t, err, "default_extension")
	_, err = h.Restore(t.Context(), id, func(u *userman.User) error {
		u.Username, u.DefaultExtension, u.Email = "jane.doe", "", "no"
		return nil
	})
	requireFieldErrors(t, err, "email: email")
	restored, err := h.Restore(t.Context(), id, func(u *userman.User) error {
		u.Username, u.DefaultExtension = "jane.doe", ""
		u.DeletedAt = time.Unix(1, 0)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, id, restored.ID)
	require.Equal(t, restored, h.get(t, "jane.doe"))
	_, err = h.Restore(t.Context(), id, nil)
	require.ErrorIs(t, err, store.ErrConflict, "who is not deleted is not restored")
	require.Equal(t, "denied restore : conflict", h.lastAuditEntry(t))
	h.requireAuditIntact(t)
}

func TestService_Delete_rejectsReferencedUser(t *testing.T) {
	t.Parallel()
	broken := error(nil)
	h := newService(t, func(o *userman.Options) {
		flows := func(_ context.Context, u *userman.User) ([]store.Reference, error) {
			if u.Username != "jane" {
				return nil, nil
			}
			return []store.Reference{{Kind: "call flow", Key: "night"}}, broken
		}
		administrators := func(_ context.Context, u *userman.User) ([]store.Reference, error) {
			return []store.Reference{{Kind: "group administrator", Key: "Sales " + u.Username}}[:len(u.DefaultExtension)/4], nil
		}
		o.References = append(o.References, flows, administrators)
	})
	h.createUser(t, newUser("jane", "1001"), "")
	h.createUser(t, newUser("joan"), "")
	want := []store.Reference{{Kind: "call flow", Key: "night"}, {Kind: "group administrator", Key: "Sales jane"}}
	found, err := h.References(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, want, found)
	err = h.Delete(t.Context(), "jane")
	inUse, ok := errors.AsType[*store.InUseError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, want, inUse.References)
	require.EqualError(t, err, "this user is needed by call flow night, group administrator Sales jane")
	require.Equal(t, "denied delete jane: in_use", h.lastAuditEntry(t))
	h.get(t, "jane")
	h.deleteUser(t, "joan")

	broken = errors.New("the call flows cannot be read")
	require.ErrorIs(t, h.Delete(t.Context(), "jane"), broken)
	h.get(t, "jane")
}

func TestService_Purge_deletesTokensAndPicture(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane", "1001"), "")
			token, _, err := h.tokens.Create(t.Context(), "jane", &apitoken.Token{Description: "crm"})
			require.NoError(t, err)
			_, err = h.SetPicture(t.Context(), "jane", newPNG(t, 10, 10), nil)
			require.NoError(t, err)
			id := h.get(t, "jane").ID
			require.ErrorIs(t, h.Purge(t.Context(), id), store.ErrConflict)
			h.deleteUser(t, "jane")
			h.requireAuditIntact(t)
			require.NoError(t, h.Purge(t.Context(), id))
			_, err = h.GetByID(t.Context(), id)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.tokens.Get(t.Context(), token.ID)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = h.store.Picture(t.Context(), id)
			require.ErrorIs(t, err, store.ErrNotFound)
			require.ErrorIs(t, h.Purge(t.Context(), id), store.ErrNotFound)
			h.requireAuditIntact(t)
			require.NotEmpty(t, h.entries(t, audit.Query{Kind: "deleted user", Key: string(id), Action: "purge"}))
		})
	}
}

package userman_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestService_Update_savesEditableFieldsOnly(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			jane := newUser("Jane", "1001", "1002")
			jane.Description = "front desk"
			h.createUser(t, jane, goodPassword)
			seen := h.get(t, "jane")
			before, err := h.store.User(t.Context(), seen.ID)
			require.NoError(t, err)
			h.clock.Advance(time.Minute)

			updated := h.update(t, "JANE", func(u *userman.User) {
				require.Equal(t, seen, u, "change sees what Get returns")
				u.FirstName, u.LinkedExtensions = "Jane", nil
				u.ID, u.Directory, u.Picture, u.SessionEpoch, u.HasPassword, u.ExternalPassword = "mine", "head-office", "v1", 7, false, true
				u.Credentials.PasswordHash, u.Activation = secret("mine"), &credential.OneTimeToken{}
				for _, at := range []*time.Time{
					&u.CreatedAt, &u.UpdatedAt, &u.PasswordChangedAt, &u.LastLoginAt, &u.WelcomedAt, &u.MissingSince, &u.DeletedAt,
				} {
					*at = time.Unix(1, 0)
				}
			})
			require.Equal(t, "front desk", updated.Description, "what change leaves alone stays")
			require.Empty(t, updated.LinkedExtensions, "what change clears is cleared")
			require.Equal(t, h.clock.Now(), updated.UpdatedAt)

			after, err := h.store.User(t.Context(), seen.ID)
			require.NoError(t, err)
			require.True(t, after.Credentials.PasswordHash.Equal(before.Credentials.PasswordHash))
			before.Credentials, after.Credentials = credential.Credentials{}, credential.Credentials{}
			before.FirstName, before.LinkedExtensions, before.UpdatedAt = "Jane", after.LinkedExtensions, h.clock.Now()
			require.Equal(t, before, after)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Update_renamesUser(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			h.createUser(t, newUser("joan"), "")
			_, err := h.tryUpdate(t, "jane", func(u *userman.User) { u.Username = "JOAN" })
			requireAlreadyExists(t, err, "username")
			h.update(t, "jane", func(u *userman.User) { u.Username = "Jane" })
			h.update(t, "jane", func(u *userman.User) { u.Username = "jane.doe" })
			_, err = h.Get(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			// The trail knows under which name there is nobody any more.
			h.requireAuditIntact(t)
			h.createUser(t, newUser("jane"), "")
			h.requireAuditIntact(t)
			renamed := h.entries(t, audit.Query{Kind: "user", Key: "Jane"})[0]
			require.NotEmpty(t, renamed.Before)
			require.Empty(t, renamed.After)
		})
	}
}

func TestService_Update_rejectsInvalidChange(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	before := h.get(t, "jane")
	_, err := h.tryUpdate(t, "jane", func(u *userman.User) {
		u.Email, u.Groups, u.LinkedExtensions = "no", []string{"Nobody"}, []string{"1", "2", "three"}
	})
	requireFieldErrors(t, err, "email: email", "linked_extensions[2]: extension", "groups[0]: unknown")
	stale := errors.New("stale")
	_, err = h.Update(t.Context(), "jane", func(*userman.User) error { return stale })
	require.Equal(t, stale, err, "the caller's own refusal")
	_, err = h.Update(t.Context(), "joan", func(*userman.User) error { return nil })
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Equal(t, before, h.get(t, "jane"))
}

func TestService_Update_losesNoConcurrentChange(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			for _, err := range runConcurrently(20, func(i int) error {
				_, err := h.tryUpdate(t, "jane", func(u *userman.User) {
					u.LinkedExtensions = append(u.LinkedExtensions, strconv.Itoa(1000+i))
				})
				return err
			}) {
				require.NoError(t, err)
			}
			require.Len(t, h.get(t, "jane").LinkedExtensions, 20)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Disable_endsSessions(t *testing.T) {
	t.Parallel()
	h := newService(t)
	id := h.createUser(t, newUser("jane"), "").ID
	epoch := func() int64 {
		u, err := h.store.User(t.Context(), id)
		require.NoError(t, err)
		return u.SessionEpoch
	}
	before := epoch()
	disabled, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	require.True(t, disabled.Disabled)
	require.Equal(t, before+1, epoch())
	enabled, err := h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	require.False(t, enabled.Disabled)
	require.Equal(t, before+1, epoch())
	h.update(t, "jane", func(u *userman.User) { u.Disabled = true })
	require.Equal(t, before+2, epoch())
	h.update(t, "jane", func(u *userman.User) { u.Title = "Ms" })
	require.Equal(t, before+2, epoch())
	require.NoError(t, h.EndSessions(t.Context(), "jane"))
	require.Equal(t, before+3, epoch())
	require.Equal(t, "succeeded end sessions jane", h.lastAuditEntry(t))
	h.requireAuditIntact(t)
}

// officeDirectory is a directory that keeps names and emails itself.
type officeDirectory struct{ userman.Directory }

func (officeDirectory) Name() string { return "head-office" }

func (officeDirectory) Capabilities() userman.Capabilities { return userman.Capabilities{Sync: true} }

func (officeDirectory) OwnsField(field string) bool {
	return field == "first_name" || field == "other_emails"
}

func TestService_Update_rejectsDirectoryManagedFields(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.Directories = []userman.Directory{officeDirectory{}} })
	id := h.createUser(t, &userman.User{Username: "jane", FirstName: "Jane", OtherEmails: []string{"a@b.example"}, ExternalID: "17"}, "").ID
	require.NoError(t, h.store.UpdateUser(t.Context(), id, func(u *userman.User) error {
		u.Directory = "head-office"
		return nil
	}))
	_, err := h.tryUpdate(t, "jane", func(u *userman.User) { u.FirstName, u.OtherEmails, u.LastName = "Joan", nil, "Doe" })
	require.ErrorIs(t, err, store.ErrConflict)
	require.EqualError(t, err, "the directory head-office owns these fields; change them there: first_name, other_emails")
	require.Empty(t, h.get(t, "jane").LastName)
	updated := h.update(t, "jane", func(u *userman.User) { u.LastName, u.ExternalID = "Doe", "18" })
	require.Equal(t, "Doe", updated.LastName)
	require.Equal(t, "17", updated.ExternalID, "their key there is not for hands")
}

func TestService_Update_changesExternalIDOfLocalUser(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, &userman.User{Username: "jane", ExternalID: "crm-1"}, "")
	require.Equal(t, "crm-2", h.update(t, "jane", func(u *userman.User) { u.ExternalID = "crm-2" }).ExternalID)
}

func TestService_Update_respectsContext(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			ctx, cancel := context.WithCancel(t.Context())
			_, err := h.Update(ctx, "jane", func(u *userman.User) error {
				u.Title = "Ms"
				cancel()
				return nil
			})
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, h.get(t, "jane").Title)
			_, err = h.Create(ctx, userman.NewUser{User: newUser("joan")})
			require.ErrorIs(t, err, context.Canceled)
			h.requireAuditIntact(t)
		})
	}
}

// Whoever has the mailbox that was wrong has the link, too.
func TestService_Update_emailChangeRevokesInvitation(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, &userman.User{Username: "jane", Email: "jnae@example.com"}, "")
	link, err := h.Invite(t.Context(), "jane")
	require.NoError(t, err)
	h.update(t, "jane", func(u *userman.User) { u.Title = "Ms" })
	_, err = h.Invitation(t.Context(), link.Token)
	require.NoError(t, err)
	updated := h.update(t, "jane", func(u *userman.User) { u.Email = "jane@example.com" })
	require.True(t, updated.InvitationExpiresAt.IsZero())
	_, err = h.Invitation(t.Context(), link.Token)
	require.ErrorIs(t, err, store.ErrNotFound)
}

package userman_test

import (
	"context"
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

const msgLeft = "the username is in use by a user who has left the directory; link that user to this entry, or delete that user"

const msgLeaver = "the username is in use by a user who has left the directory; delete that user, and sync again"

// trySyncWith syncs with options, and lets as many go as there are.
func (h *env) trySyncWith(t testing.TB, opts userman.SyncOptions) (*userman.SyncReport, error) {
	t.Helper()
	opts.MaxRemovalRatio = 1
	return h.Sync(t.Context(), branchDirectory, &opts)
}

// addCredentials gives a user everything that a login can be made of.
func (h *env) addCredentials(t testing.TB, username string) apitoken.Request {
	t.Helper()
	_, err := h.SetPicture(t.Context(), username, newPNG(t, 10, 10), nil)
	require.NoError(t, err)
	h.setPermission(t, username, permission.RESTUse, permission.On())
	token, key := h.createToken(t, username, apitoken.Token{})
	stored := h.storedUser(t, username)
	require.NoError(t, h.store.UpdateUser(t.Context(), stored.ID, func(u *userman.User) error {
		u.Credentials.SecondFactor = &credential.TOTP{Secret: secret("JBSWY3DPEHPK3PXP"), Confirmed: true}
		u.Credentials.PasswordHash = secret("$2y$10$abcdefghijklmnopqrstuuWg1TJbI0T8cWzQyqzC0N3JkV0k1w2aG")
		u.Credentials.Invitation = &credential.OneTimeToken{TokenHash: make([]byte, 32), ExpiresAt: h.clock.Now().Add(time.Hour)}
		u.Credentials.Devices = []credential.TrustedDevice{{TokenHash: make([]byte, 32), LastUsedAt: h.clock.Now()}}
		u.Activation = &credential.OneTimeToken{TokenHash: make([]byte, 32), ExpiresAt: h.clock.Now().Add(time.Hour)}
		u.MustChangePassword, u.PasswordChangedAt, u.LastLoginAt, u.WelcomedAt = true, h.clock.Now(), h.clock.Now(), h.clock.Now()
		return nil
	}))
	return apitoken.Request{TokenID: token.ID, Key: key, Module: "voicemail", RemoteAddr: netip.MustParseAddr("192.0.2.1")}
}

// tokenWorks reports whether an API token lets its program in.
func (h *env) tokenWorks(t testing.TB, request apitoken.Request) bool {
	t.Helper()
	_, err := h.tokens.Authenticate(t.Context(), request)
	return err == nil
}

func TestService_Sync_offersAdoptionOfLeavers(t *testing.T) {
	t.Parallel()
	disabled := newEntry("id-1", "jane", "1001")
	disabled.User.Disabled = true
	for name, left := range map[string][]userman.DirectoryEntry{"missing": nil, "disabled there": {disabled}} {
		h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
		h.sync(t)
		h.setPermission(t, "jane", permission.RESTUse, permission.On())
		d.setEntries(append(left, newEntry("id-2", "john", ""), newEntry("id-3", "Jane", "1001"))...)
		for range 2 {
			r := h.trySync(t)
			require.Equal(t, []userman.SyncProblem{{ExternalID: "id-3", Username: "Jane", Message: msgLeft, Adoptable: true}}, r.Problems, name)
		}
		jane := h.get(t, "jane")
		require.Equal(t, "id-1", jane.ExternalID, name)
		require.True(t, jane.Disabled, name)
	}
}

func TestService_Sync_adoptsLeaversAsSuccessors(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{entries: []userman.DirectoryEntry{newEntry("id-1", "jane", "1001", "Sales"), newEntry("id-2", "john", "")}}
			h := newServiceWithDB(t, open(t), "", withDirectory(d))
			h.sync(t)
			h.createGroup(t, "Kept here", nil)
			require.NoError(t, h.Groups().AddMembers(t.Context(), "Kept here", "jane"))
			h.update(t, "jane", func(u *userman.User) {
				u.OtherEmails, u.HomePhone, u.Title, u.LinkedExtensions = []string{"jane@home.example"}, "030 1", "Head of Sales", []string{"1009"}
			})
			request := h.addCredentials(t, "jane")
			require.True(t, h.tokenWorks(t, request))
			before := h.storedUser(t, "jane")

			d.setEntries(newEntry("id-2", "john", ""), newEntry("id-3", "jane", "1001", "Support"))
			r, err := h.trySyncWith(t, userman.SyncOptions{Adopt: userman.AdoptAsSuccessor})
			require.NoError(t, err)
			require.Empty(t, r.Problems)
			require.Equal(t, []string{"adopt jane groups home_phone other_emails title"}, steps(r))

			after := h.storedUser(t, "jane")
			require.Equal(t, before.ID, after.ID)
			require.Equal(t, "id-3", after.ExternalID)
			require.False(t, after.Disabled)
			require.Equal(t, []string{"Kept here", "Support"}, after.Groups)
			require.Equal(t, before.Permissions, after.Permissions)
			require.Equal(t, []string{"1001", "1009"}, after.Extensions())
			require.Empty(t, after.HomePhone+after.Title+after.Picture)
			require.Empty(t, after.OtherEmails)
			require.Equal(t, credential.Credentials{}, after.Credentials)
			require.Nil(t, after.Activation)
			require.False(t, after.MustChangePassword)
			require.Zero(t, after.LastLoginAt)
			require.Zero(t, after.WelcomedAt)
			require.Greater(t, after.SessionEpoch, before.SessionEpoch)
			require.False(t, h.tokenWorks(t, request), "the API tokens of the predecessor end")
			_, err = h.tokens.Update(t.Context(), request.TokenID, func(t *apitoken.Token) error { t.Disabled = false; return nil })
			require.NoError(t, err)
			require.False(t, h.tokenWorks(t, request), "the predecessor still knows the key")
			_, err = h.Picture(t.Context(), "jane")
			require.ErrorIs(t, err, store.ErrNotFound)
			require.Empty(t, h.trySync(t).Steps)
		})
	}
}

func TestService_Sync_adoptsLeaversAsSameUsers(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
	h.sync(t)
	h.update(t, "jane", func(u *userman.User) { u.HomePhone = "030 1" })
	request := h.addCredentials(t, "jane")
	d.setEntries(newEntry("id-2", "john", ""))
	h.sync(t)
	before := h.storedUser(t, "jane")
	require.True(t, before.Disabled)
	d.setEntries(newEntry("id-2", "john", ""), newEntry("id-3", "jane", "1001"))
	r, err := h.trySyncWith(t, userman.SyncOptions{Adopt: userman.AdoptAsSameUser})
	require.NoError(t, err)
	require.Equal(t, []string{"adopt jane"}, steps(r))

	after := h.storedUser(t, "jane")
	require.False(t, after.Disabled)
	require.Equal(t, "030 1", after.HomePhone)
	require.Equal(t, before.Picture, after.Picture)
	require.Equal(t, before.Credentials.SecondFactor, after.Credentials.SecondFactor)
	require.True(t, h.tokenWorks(t, request))
	require.Equal(t, before.LastLoginAt, after.LastLoginAt)
	require.True(t, after.Credentials.PasswordHash.IsZero(), "the directory manages the password")
	require.Nil(t, after.Credentials.Invitation)
	require.Empty(t, after.Credentials.Devices)
	require.Nil(t, after.Activation)
	require.Greater(t, after.SessionEpoch, before.SessionEpoch)
}

// The audit log has the new entry of the user, and who linked it.
func TestService_Sync_recordsAdoption(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	h.sync(t)
	d.setEntries(newEntry("id-2", "john", ""), newEntry("id-3", "jane", ""))
	ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "root.admin"})
	_, err := h.Sync(ctx, branchDirectory, &userman.SyncOptions{Adoption: &userman.Adoption{Username: "jane", ExternalID: "id-3"}})
	require.NoError(t, err)
	entry := h.entries(t, audit.Query{})[0]
	require.Equal(t, "sync adopt jane root.admin", entry.Action+" "+entry.Key+" "+entry.Actor.Name)
	require.Contains(t, toJSON(t, entry), `"external_id"`)
}

func TestService_Sync_adoptsOnlyUsersWhoLeft(t *testing.T) {
	t.Parallel()
	adopt := userman.SyncOptions{Adopt: userman.AdoptAsSuccessor}
	for name, test := range map[string]struct {
		prepare func(h *env)
		entries []userman.DirectoryEntry
		want    userman.SyncProblem
	}{
		"a local user": {
			func(h *env) { h.createUser(t, newUser("local", "2001"), goodPassword) }, []userman.DirectoryEntry{newEntry("id-1", "jane", ""), newEntry("id-9", "local", "")},
			userman.SyncProblem{ExternalID: "id-9", Username: "local", Adoptable: true, Message: "the username is in use by a user outside this directory; link that user to this entry, or rename one of the two"},
		},
		"disabled by an administrator": {
			func(h *env) { _, err := h.Disable(t.Context(), "jane"); require.NoError(t, err) }, []userman.DirectoryEntry{newEntry("id-9", "jane", "")},
			userman.SyncProblem{ExternalID: "id-9", Username: "jane", Adoptable: true, Message: msgLeft},
		},
		"still there": {
			func(*env) {}, []userman.DirectoryEntry{newEntry("id-1", "jane", ""), newEntry("id-9", "JANE", "")},
			userman.SyncProblem{ExternalID: "id-9", Username: "JANE", Message: "the username" + msgDuplicate},
		},
		"there with a broken entry": {
			func(*env) {}, []userman.DirectoryEntry{{ExternalID: "id-1", Problem: "it is broken"}, newEntry("id-9", "jane", "")},
			userman.SyncProblem{ExternalID: "id-9", Username: "jane", Message: "the username" + msgKept},
		},
		"perhaps there": {
			func(*env) {}, []userman.DirectoryEntry{newEntry("", "jane", ""), newEntry("id-9", "jane", "")},
			userman.SyncProblem{ExternalID: "id-9", Username: "jane", Message: "the username" + msgKept},
		},
		"renamed to the name of a leaver": {
			func(*env) {}, []userman.DirectoryEntry{newEntry("id-2", "jane", "")},
			userman.SyncProblem{ExternalID: "id-2", Username: "john", Message: msgLeaver},
		},
	} {
		h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
		h.sync(t)
		test.prepare(h)
		d.setEntries(test.entries...)
		r, err := h.trySyncWith(t, adopt)
		require.NoError(t, err)
		require.Contains(t, r.Problems, test.want, name)
		require.NotContains(t, steps(r), "adopt jane", name)
		require.Equal(t, "id-1", h.get(t, "jane").ExternalID, name)
		h.requireAuditIntact(t)
	}
}

// A user whom records refer to keeps the ID: adoption is the way to keep a call flow.
func TestService_Sync_adoptsReferencedLeavers(t *testing.T) {
	t.Parallel()
	d := &fakeDirectory{entries: []userman.DirectoryEntry{newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "")}}
	h := newService(t, withDirectory(d), func(o *userman.Options) {
		o.References = append(o.References, func(context.Context, *userman.User) ([]store.Reference, error) {
			return []store.Reference{{Kind: "call flow", Key: "sales"}}, nil
		})
	})
	h.sync(t)
	d.setEntries(newEntry("id-2", "john", ""), newEntry("id-3", "jane", "1001"))
	r, err := h.trySyncWith(t, userman.SyncOptions{Adopt: userman.AdoptAsSuccessor})
	require.NoError(t, err)
	require.Empty(t, r.Problems)
	require.Equal(t, []string{"adopt jane"}, steps(r))
}

func TestService_Sync_deletesLeaversAfterDeleteAfter(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", ""))
	h.sync(t)
	jane := h.get(t, "jane")
	d.setEntries(newEntry("id-2", "john", ""))
	h.sync(t)
	h.clock.Advance(10_000 * time.Hour)
	d.setEntries(newEntry("id-2", "john", ""), newEntry("id-3", "jane", "1001"))
	r, err := h.trySyncWith(t, userman.SyncOptions{Adopt: userman.AdoptAsSuccessor})
	require.NoError(t, err)
	require.Equal(t, []string{"delete jane", "create jane"}, steps(r))
	require.NotEqual(t, jane.ID, h.get(t, "jane").ID)
}

func TestService_Sync_adoptionLinksOnlyTheUser(t *testing.T) {
	t.Parallel()
	for name, sameUser := range map[string]bool{"successor": false, "same user": true} {
		h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"))
		h.sync(t)
		local := h.createUser(t, newUser("local", "2001"), goodPassword)
		h.update(t, "local", func(u *userman.User) { u.Company, u.Email = "Example", "local@home.example" })
		login := h.logIn(t, "local", goodPassword)
		entry := newEntry("id-9", "john.doe", "2001")
		entry.User.LastName = "Doe"
		d.setEntries(entry, newEntry("id-5", "other", ""))
		adoption := userman.SyncOptions{Adoption: &userman.Adoption{Username: "LOCAL", ExternalID: " id-9 ", SameUser: sameUser}}

		planned := adoption
		planned.DryRun = true
		before := h.get(t, "local")
		r, err := h.trySyncWith(t, planned)
		require.NoError(t, err)
		require.True(t, r.DryRun)
		require.Equal(t, before, h.get(t, "local"), "a preview changes nothing")
		want := r.Steps

		r, err = h.trySyncWith(t, adoption)
		require.NoError(t, err)
		require.Equal(t, want, r.Steps)
		require.Len(t, r.Steps, 1)
		require.Equal(t, userman.SyncAdopt, r.Steps[0].Action, name)
		require.Empty(t, r.Problems, "jane is missing, and other would be new: that is for the next sync")
		require.False(t, h.get(t, "jane").Disabled)

		john := h.get(t, "john.doe")
		require.Equal(t, local.ID, john.ID)
		require.Equal(t, branchDirectory, john.Directory)
		require.Equal(t, "id-9", john.ExternalID)
		require.Equal(t, "Doe", john.LastName)
		require.Empty(t, john.Email, "the directory owns it")
		require.Equal(t, sameUser, john.Company == "Example", name)
		require.False(t, john.HasPassword, name)
		_, err = h.Session(t.Context(), login.User.ID, login.User.SessionEpoch)
		require.ErrorIs(t, err, store.ErrNotFound)
		d.password = secret("of the directory")
		h.logIn(t, "john.doe", "of the directory")
		h.requireAuditIntact(t)
	}
}

func TestService_Sync_adoptionKeepsManuallyDisabledUser(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""))
	h.sync(t)
	_, err := h.Disable(t.Context(), "jane")
	require.NoError(t, err)
	d.setEntries(newEntry("id-2", "jane", ""))
	r, err := h.trySyncWith(t, userman.SyncOptions{Adoption: &userman.Adoption{Username: "jane", ExternalID: "id-2"}})
	require.NoError(t, err)
	require.Equal(t, []string{"adopt jane"}, steps(r))
	require.True(t, h.get(t, "jane").Disabled)
}

func TestService_Sync_rejectsInvalidAdoptions(t *testing.T) {
	t.Parallel()
	d := &fakeDirectory{}
	h := newService(t, withDirectories(d, newHeadOffice()))
	disabled := newEntry("id-4", "gone", "")
	disabled.User.Disabled = true
	d.setEntries(newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""), disabled, userman.DirectoryEntry{ExternalID: "id-5", Problem: "it is broken"})
	_, err := h.trySyncWith(t, userman.SyncOptions{})
	require.NoError(t, err)
	h.createUser(t, newUser("local"), "")
	h.createUser(t, newUser("elsewhere"), "")
	h.moveToDirectory(t, "elsewhere", "head-office", "uid-elsewhere")
	for _, test := range []struct {
		username, externalID string
		want                 error
		message              string
	}{
		{"nobody", "id-1", store.ErrNotFound, "user"},
		{"*)(uid=*", "id-1", store.ErrNotFound, "user"},
		{"local", "id-9", store.ErrNotFound, "directory entry"},
		{"local", "", store.ErrNotFound, "directory entry"},
		{"local", "id-1", store.ErrConflict, "this entry is linked to the user jane already"},
		{"jane", "id-1", store.ErrConflict, "this user is linked to this entry already"},
		{"local", "id-4", store.ErrConflict, "this entry is disabled in the directory"},
		{"elsewhere", "id-4", store.ErrConflict, "this user comes from the directory head-office"},
		{"jane", "id-5", store.ErrConflict, "this user still has an entry in the directory"},
	} {
		r, err := h.trySyncWith(t, userman.SyncOptions{Adoption: &userman.Adoption{Username: test.username, ExternalID: test.externalID}})
		require.ErrorIs(t, err, test.want, test.username)
		require.ErrorContains(t, err, test.message)
		if r != nil {
			require.True(t, r.DryRun)
		}
	}
	r, err := h.trySyncWith(t, userman.SyncOptions{Adoption: &userman.Adoption{Username: "local", ExternalID: "id-5"}})
	require.NoError(t, err)
	require.Empty(t, r.Steps)
	require.Equal(t, []string{"id-5: it is broken"}, problems(r))

	opts := &userman.SyncOptions{Adoption: &userman.Adoption{Username: "local", ExternalID: "id-5"}}
	_, err = h.Scoped(inScope("1000-9999")).Sync(t.Context(), branchDirectory, opts)
	require.ErrorIs(t, err, store.ErrForbidden, "the record may have any permission")
	_, err = h.trySyncWith(t, userman.SyncOptions{Adopt: "always"})
	requireFieldErrors(t, err, "adopt: oneof")
}

func TestService_Sync_adoptionKeepsConcurrentChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(h *env) error{
		"linked to another entry": func(h *env) error { h.moveToDirectory(t, "jane", branchDirectory, "id-7"); return nil },
		"made local":              func(h *env) error { h.moveToDirectory(t, "jane", "", ""); return nil },
		"deleted":                 func(h *env) error { return h.Delete(t.Context(), "jane") },
	} {
		h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
		h.sync(t)
		d.setEntries(newEntry("id-2", "john", ""), newEntry("id-3", "jane", ""))
		r, err := h.trySyncWith(t, userman.SyncOptions{Adopt: userman.AdoptAsSuccessor, Progress: func(done int) {
			if done == 1 {
				require.NoError(t, change(h), name)
			}
		}})
		require.NoError(t, err)
		require.Empty(t, r.Steps, name)
		require.Len(t, r.Problems, 1, name)
	}
}

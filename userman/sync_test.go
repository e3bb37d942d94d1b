package userman_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestService_Sync_createsNewUsers(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{entries: []userman.DirectoryEntry{newEntry("id-1", "jane", "1001", "Sales"), newEntry("id-2", "张伟", "", "Sales", "Support")}}
			h := newServiceWithDB(t, open(t), "", withDirectory(d))
			h.createUser(t, newUser("kept.here", "1009"), "")
			_, err := h.Groups().Create(t.Context(), &userman.Group{Name: "Everybody", Default: true})
			require.NoError(t, err)

			r := h.sync(t)
			require.Equal(t, []string{"create jane", "create 张伟"}, steps(r))
			require.Equal(t, []string{"Sales", "Support"}, r.Groups)
			require.Equal(t, 2, r.Entries)
			require.Zero(t, r.Unchanged)

			jane := h.get(t, "jane")
			require.Equal(t, branchDirectory, jane.Directory)
			require.Equal(t, "id-1", jane.ExternalID)
			require.Equal(t, "1001", jane.DefaultExtension)
			require.Equal(t, []string{"Everybody", "Sales"}, jane.Groups)
			require.False(t, jane.HasPassword)
			group, err := h.Groups().Get(t.Context(), "sales")
			require.NoError(t, err)
			require.Equal(t, branchDirectory, group.Directory)
			require.Empty(t, group.Permissions)
			require.Equal(t, 2, group.Members)

			r = h.sync(t)
			require.Empty(t, r.Steps, "a second sync finds nothing to do")
			require.Empty(t, r.Groups)
			require.Equal(t, 2, r.Unchanged)
			require.Equal(t, h.get(t, "jane"), jane)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Sync_updatesManagedFieldsOnly(t *testing.T) {
	t.Parallel()
	prev := newEntry("id-1", "jane.doe", "1001")
	prev.User.LastName, prev.User.Email, prev.User.Company = "Doe", "jane@EXAMPLE.com", "not owned"
	h, d := newSyncedService(t, prev)
	h.sync(t)
	jane := h.get(t, "jane.doe")
	require.Empty(t, jane.Company, "what the directory does not own it does not give")
	require.Equal(t, "jane@example.com", jane.Email)
	h.update(t, "jane.doe", func(u *userman.User) { u.Company, u.LinkedExtensions = "Example", []string{"1002"} })

	_, err := h.tryUpdate(t, "jane.doe", func(u *userman.User) { u.LastName = "Roe" })
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "last_name")

	next := newEntry("id-1", "jane.roe", "1001")
	next.User.LastName = "Roe"
	d.setEntries(next)
	require.Equal(t, []string{"update jane.roe email last_name username"}, steps(h.sync(t)))
	after := h.get(t, "jane.roe")
	require.Equal(t, jane.ID, after.ID)
	require.Empty(t, after.Email, "what is blank there is blank here")
	require.Equal(t, "Example", after.Company)
	require.Equal(t, []string{"1002"}, after.LinkedExtensions)
	_, err = h.Get(t.Context(), "jane.doe")
	require.ErrorIs(t, err, store.ErrNotFound)
	h.requireAuditIntact(t)
}

func TestService_Sync_disablesThenDeletesMissingUsers(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	h.sync(t)
	before, err := h.store.FindUser(t.Context(), userman.UserLookup{Username: "john"})
	require.NoError(t, err)

	d.setEntries(newEntry("id-1", "jane", ""))
	require.Equal(t, []string{"disable john"}, steps(h.sync(t)))
	john, err := h.store.FindUser(t.Context(), userman.UserLookup{Username: "john"})
	require.NoError(t, err)
	require.True(t, john.Disabled)
	require.Equal(t, h.clock.Now(), john.MissingSince)
	require.Greater(t, john.SessionEpoch, before.SessionEpoch, "sessions end")

	h.clock.Advance(30*24*time.Hour - time.Second)
	require.Empty(t, h.sync(t).Steps, "the grace is not over")
	h.clock.Advance(time.Second)
	r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: 1, DeleteAfter: -1})
	require.NoError(t, err)
	require.Empty(t, r.Steps, "a negative grace is never over")
	require.Equal(t, []string{"delete john"}, steps(h.sync(t)))
	_, err = h.Get(t.Context(), "john")
	require.ErrorIs(t, err, store.ErrNotFound)
	deleted, err := h.GetByID(t.Context(), john.ID)
	require.NoError(t, err)
	require.False(t, deleted.DeletedAt.IsZero(), "and can be restored")

	d.setEntries(newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
	require.Equal(t, []string{"create john"}, steps(h.sync(t)))
	require.NotEqual(t, john.ID, h.get(t, "john").ID)
	h.requireAuditIntact(t)
}

func TestService_Sync_enablesReturningUsers(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""), newEntry("id-3", "joan", ""))
	h.sync(t)
	_, err := h.Disable(t.Context(), "john")
	require.NoError(t, err)
	d.setEntries(newEntry("id-3", "joan", ""))
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)), "john is disabled already, by hand")
	h.clock.Advance(1000 * time.Hour)
	d.setEntries(newEntry("id-1", "janet", ""), newEntry("id-2", "john", ""), newEntry("id-3", "joan", ""))
	require.Equal(t, []string{"enable janet username"}, steps(h.sync(t)))
	require.False(t, h.get(t, "janet").Disabled)
	require.Zero(t, h.get(t, "janet").MissingSince)
	require.True(t, h.get(t, "john").Disabled, "who was disabled by hand stays so")
}

func TestService_Sync_followsDisabledFlag(t *testing.T) {
	t.Parallel()
	disabled := newEntry("id-1", "jane", "1001")
	disabled.User.Disabled = true
	h, d := newSyncedService(t, disabled)
	require.Empty(t, h.sync(t).Steps, "nobody is created to be disabled")
	d.setEntries(newEntry("id-1", "jane", "1001"))
	h.sync(t)
	d.setEntries(disabled)
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)))
	h.clock.Advance(10_000 * time.Hour)
	require.Empty(t, h.sync(t).Steps)
	_, err := h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)), "enabling by hand does not last")
	d.setEntries(newEntry("id-1", "jane", "1001"))
	require.Equal(t, []string{"enable jane"}, steps(h.sync(t)))
}

// A leaver keeps no login, even if the entry is invalid.
func TestService_Sync_disablesUserOfInvalidEntry(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*userman.DirectoryEntry){
		"a problem": func(e *userman.DirectoryEntry) {
			e.Problem = "the attribute telephoneNumber has a value that is too long"
		},
		"a bad email":           func(e *userman.DirectoryEntry) { e.User.Email = "no address" },
		"no username":           func(e *userman.DirectoryEntry) { e.User.Username = "" },
		"a doubled group":       func(e *userman.DirectoryEntry) { e.Groups = []string{"Sales", "sales"} },
		"the successor's value": func(e *userman.DirectoryEntry) { e.User.DefaultExtension = "1002" },
	} {
		h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"))
		h.sync(t)
		leaver := newEntry("id-1", "jane", "1001")
		spoil(&leaver)
		leaver.User.Disabled = true
		d.setEntries(leaver, newEntry("id-2", "john", "1002"))
		require.Equal(t, []string{"disable jane"}, steps(h.sync(t)), name)
		require.True(t, h.get(t, "jane").Disabled, name)
		require.Empty(t, h.sync(t).Steps, name)
		h.requireAuditIntact(t)
	}
}

func TestService_Sync_givesLeaversExtensionToSuccessor(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", "1001"), newEntry("id-2", "john", "1002"), newEntry("id-3", "joan", "1003"))
	h.sync(t)
	leaver := newEntry("id-1", "jane", "1001")
	leaver.User.Disabled = true
	d.setEntries(leaver, newEntry("id-2", "john", "1002"), newEntry("id-3", "joan", "1003"), newEntry("id-4", "new", "1001"))
	require.Equal(t, []string{"disable jane default_extension", "create new"}, steps(h.sync(t)))
	require.Equal(t, "1001", h.get(t, "new").DefaultExtension)
	require.Empty(t, h.get(t, "jane").DefaultExtension)
	require.Empty(t, h.sync(t).Steps)

	d.setEntries(newEntry("id-3", "joan", "1003"), newEntry("id-4", "new", "1001"))
	require.Equal(t, []string{"disable john"}, steps(h.sync(t)), "nobody else needs the extension")
	require.Equal(t, "1002", h.get(t, "john").DefaultExtension)
	d.setEntries(newEntry("id-3", "joan", "1002"), newEntry("id-4", "new", "1001"))
	require.Equal(t, []string{"update john default_extension", "update joan default_extension"}, steps(h.sync(t)))
	h.requireAuditIntact(t)
}

func TestService_Sync_limitsRemovalRatio(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		people, missing int
		share           float64
		refused         bool
	}{
		{people: 10, missing: 1}, {people: 10, missing: 2, refused: true},
		{people: 1, missing: 0}, {people: 2, missing: 1},
		{people: 30, missing: 3}, {people: 30, missing: 4, refused: true},
		{people: 10, missing: 5, share: 0.5}, {people: 10, missing: 6, share: 0.5, refused: true},
		{people: 10, missing: 9, share: 1}, {people: 10, missing: 1, share: 1e-9}, {people: 10, missing: 2, share: 1e-9, refused: true},
	} {
		t.Run(fmt.Sprintf("%d of %d at %g", test.missing, test.people, test.share), func(t *testing.T) {
			t.Parallel()
			var all []userman.DirectoryEntry
			for i := range test.people {
				all = append(all, newEntry(fmt.Sprintf("id-%02d", i), fmt.Sprintf("user%02d", i), ""))
			}
			h, d := newSyncedService(t, all...)
			h.sync(t)
			d.setEntries(all[test.missing:]...)
			r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: test.share})
			require.Len(t, r.Steps, test.missing)
			if !test.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrConflict)
			require.True(t, r.DryRun, "what was planned is told, and was not done")
			require.Equal(t, "denied sync "+branchDirectory+": conflict", h.lastAuditEntry(t))
			list, err := h.List(t.Context(), userman.Query{Status: userman.StatusDisabled})
			require.NoError(t, err)
			require.Empty(t, list.Items)
		})
	}
}

func TestService_Sync_readErrorChangesNothing(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""), newEntry("id-3", "joan", ""))
	h.sync(t)
	entries := len(h.entries(t, audit.Query{}))

	d.eachErr = errors.New("the line was cut")
	d.setEntries(newEntry("id-1", "renamed", ""), newEntry("id-4", "new", ""), newEntry("id-5", "lost", ""))
	for _, dry := range []bool{true, false} {
		r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: 1, DryRun: dry})
		require.ErrorIs(t, err, d.eachErr)
		dirErr, ok := errors.AsType[*userman.DirectoryError](err)
		require.True(t, ok, "it is the directory's, not ours")
		require.Equal(t, branchDirectory, dirErr.Directory)
		require.Nil(t, r)
	}
	d.eachErr = nil
	d.setEntries()
	_, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: 1})
	require.ErrorIs(t, err, store.ErrConflict, "an empty directory is a mistake while there are people of it")
	list, err := h.List(t.Context(), userman.Query{Status: userman.StatusEnabled})
	require.NoError(t, err)
	require.Equal(t, []string{"jane", "joan", "john"}, usernames(list))
	require.Len(t, h.entries(t, audit.Query{}), entries+3, "the trail has the failures, and nothing else")
}

func TestService_Sync_acceptsEmptyDirectoryWithoutUsers(t *testing.T) {
	t.Parallel()
	h, _ := newSyncedService(t)
	require.Equal(t, &userman.SyncReport{
		Directory: branchDirectory, Steps: []userman.SyncStep{}, Problems: []userman.SyncProblem{}, Warnings: []userman.SyncProblem{}, Groups: []string{},
	}, h.sync(t))
}

func TestService_Sync_runsOncePerDirectory(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "jane", ""))
	started, resume, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	d.onEach = func() { close(started); <-resume }
	go func() {
		_, err := h.Sync(t.Context(), branchDirectory, nil)
		done <- err
	}()
	<-started
	_, err := h.Sync(t.Context(), branchDirectory, nil)
	require.ErrorIs(t, err, store.ErrConflict)
	close(resume)
	require.NoError(t, <-done)
	d.onEach = nil
	h.sync(t)
}

func TestService_Sync_resumesAfterCancel(t *testing.T) {
	t.Parallel()
	var all []userman.DirectoryEntry
	for i := range 9 {
		all = append(all, newEntry(fmt.Sprintf("id-%d", i), fmt.Sprintf("user%d", i), ""))
	}
	h, _ := newSyncedService(t, all...)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := h.Sync(ctx, branchDirectory, &userman.SyncOptions{Progress: func(done int) {
		if done == 4 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, r.Steps, 4)
	var progress []int
	r, err = h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{Progress: func(done int) { progress = append(progress, done) }})
	require.NoError(t, err)
	require.Len(t, r.Steps, 5)
	require.Equal(t, []int{4, 5, 6, 7, 8, 9}, progress)
}

func TestService_Sync_rejectsInvalidArguments(t *testing.T) {
	t.Parallel()
	h, _ := newSyncedService(t, newEntry("id-1", "jane", ""))
	_, err := h.Sync(t.Context(), "elsewhere", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.Sync(t.Context(), "", nil)
	require.ErrorIs(t, err, store.ErrNotFound, "the people who are kept here come from nowhere")
	for _, share := range []float64{-0.1, 1.1} {
		_, err = h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: share})
		requireFieldErrors(t, err, "max_gone: range")
	}
	_, err = h.Scoped(inScope("100-999")).Sync(t.Context(), branchDirectory, nil)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Panics(t, func() {
		newService(t, func(o *userman.Options) { o.Directories = []userman.Directory{&fakeDirectory{}, &fakeDirectory{}} })
	}, "two directories of one name are a mistake in the program")
}

func TestService_Sync_emailChangeRevokesLinks(t *testing.T) {
	t.Parallel()
	prev := newEntry("id-1", "jane", "1001")
	prev.User.Email = "jane@example.com"
	d := &fakeDirectory{entries: []userman.DirectoryEntry{prev}}
	h := newService(t, withDirectory(d), withSIPAccounts(sipAccounts{"1001": {Technology: "PJSIP"}}))
	h.sync(t)
	link, err := h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	next := newEntry("id-1", "jane", "1001")
	next.User.Email, next.User.LastName = prev.User.Email, "Doe"
	d.setEntries(next)
	require.Equal(t, []string{"update jane last_name"}, steps(h.sync(t)))
	_, err = h.Softphones().Link(t.Context(), link.Token)
	require.NoError(t, err)

	next = newEntry("id-1", "jane", "1001")
	next.User.Email, next.User.LastName = "jane.doe@example.com", "Doe"
	d.setEntries(next)
	require.Equal(t, []string{"update jane email"}, steps(h.sync(t)))
	_, err = h.Softphones().Link(t.Context(), link.Token)
	requireLinkNotFound(t, err)
}

func TestService_Sync_keepsManuallyDisabledUsers(t *testing.T) {
	t.Parallel()
	for name, disable := range map[string]func(h *env) error{
		"Disable": func(h *env) error { _, err := h.Disable(t.Context(), "jane"); return err },
		"Enable and Disable": func(h *env) error {
			_, err := h.Enable(t.Context(), "jane")
			require.NoError(t, err)
			_, err = h.Disable(t.Context(), "jane")
			return err
		},
		"Update": func(h *env) error {
			h.update(t, "jane", func(u *userman.User) { u.Disabled = false })
			_, err := h.tryUpdate(t, "jane", func(u *userman.User) { u.Disabled = true })
			return err
		},
	} {
		h, d := newSyncedService(t, newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
		h.sync(t)
		d.setEntries(newEntry("id-2", "john", ""))
		h.sync(t)
		require.NoError(t, disable(h), name)
		require.Zero(t, h.get(t, "jane").MissingSince, name)
		h.clock.Advance(10_000 * time.Hour)
		require.Empty(t, h.sync(t).Steps, "%s: she is not deleted", name)
		d.setEntries(newEntry("id-1", "jane", ""), newEntry("id-2", "john", ""))
		require.Empty(t, h.sync(t).Steps, "%s: nor enabled", name)
		h.requireAuditIntact(t)
	}
}

package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

// syncWithHook syncs, and does something in the midst: all is planned by then, and
// nothing done.
func (h *env) syncWithHook(t *testing.T, hook func()) *userman.SyncReport {
	t.Helper()
	started := false
	r, err := h.Sync(t.Context(), branchDirectory, &userman.SyncOptions{MaxRemovalRatio: 1, Progress: func(int) {
		if !started {
			started = true
			hook()
		}
	}})
	require.NoError(t, err)
	require.True(t, started)
	return r
}

func TestService_Sync_concurrentConflictKeepsSwapUnchanged(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{}
			h := newServiceWithDB(t, open(t), "", withDirectory(d))
			d.setEntries(newEntry("id-1", "anna", "1001"), newEntry("id-2", "bert", "1002"), newEntry("id-3", "carl", ""))
			h.sync(t)
			d.setEntries(newEntry("id-1", "bert", "1003"), newEntry("id-2", "anna", "1001"), newEntry("id-3", "carla", ""))
			r := h.syncWithHook(t, func() { h.createUser(t, newUser("kept.here", "1003"), "") })
			require.Equal(t, []string{"update carla username"}, steps(r))
			require.Len(t, r.Problems, 2)
			require.Equal(t, "id-1", h.get(t, "anna").ExternalID)
			require.Equal(t, "1001", h.get(t, "anna").DefaultExtension)
			require.Equal(t, "id-2", h.get(t, "bert").ExternalID)
			h.requireAuditIntact(t)
		})
	}
}

func TestService_Sync_keepsConcurrentChanges(t *testing.T) {
	t.Parallel()
	const meanwhile = "this user was changed at the same time; sync again"
	h, d := newSyncedService(t, newEntry("id-1", "anna", ""), newEntry("id-2", "bert", ""), newEntry("id-3", "carl", ""), newEntry("id-4", "dora", ""))
	h.sync(t)
	d.setEntries(newEntry("id-4", "dora", ""))
	h.sync(t)
	h.clock.Advance(10_000 * 3600e9)
	_, err := h.Enable(t.Context(), "carl")
	require.NoError(t, err)
	d.setEntries(newEntry("id-4", "doris", ""), newEntry("id-5", "emil", ""))
	r := h.syncWithHook(t, func() { // anna and bert are to be deleted, carl to be disabled
		_, err := h.Enable(t.Context(), "anna")
		require.NoError(t, err)
		_, err = h.Disable(t.Context(), "carl")
		require.NoError(t, err)
		require.NoError(t, h.Delete(t.Context(), "bert"))
		require.NoError(t, h.Delete(t.Context(), "dora"))
		h.createUser(t, newUser("emil"), "")
	})
	require.Empty(t, r.Steps)
	require.Equal(t, []string{
		"id-1: " + meanwhile, "id-2: there is no such user", "id-3: " + meanwhile, "id-4: there is no such user",
		"id-5: username: another user already has this username; choose a different one",
	}, problems(r))
	require.False(t, h.get(t, "anna").Disabled)
}

func TestService_Sync_reportsConcurrentDelete(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "anna", ""), newEntry("id-2", "bert", ""))
	h.sync(t)
	d.onEach = func() { require.NoError(t, h.Delete(t.Context(), "anna")) }
	r := h.trySync(t)
	require.Equal(t, []string{"id-1: this user was changed at the same time; sync again"}, problems(r))
	d.onEach = nil
	require.Equal(t, []string{"create anna"}, steps(h.sync(t)))
}

func TestService_Sync_createUsesUnmanagedUsername(t *testing.T) {
	t.Parallel()
	e := newEntry("id-1", "jane", "")
	e.ManagedFields = []string{"email"}
	h, d := newSyncedService(t, e)
	h.sync(t)
	e.User.Username = "renamed"
	d.setEntries(e)
	require.Empty(t, h.sync(t).Steps, "from then on it is kept here")
	require.Equal(t, "id-1", h.get(t, "jane").ExternalID)
}

func TestService_Sync_toleratesConcurrentPurge(t *testing.T) {
	t.Parallel()
	h, d := newSyncedService(t, newEntry("id-1", "anna", ""), newEntry("id-2", "bert", ""), newEntry("id-3", "carl", ""))
	h.sync(t)
	d.setEntries(newEntry("id-3", "carl", ""))
	h.sync(t)
	h.clock.Advance(10_000 * 3600e9)
	anna := h.get(t, "anna").ID
	d.onEach = func() {
		require.NoError(t, h.Delete(t.Context(), "anna"))
		require.NoError(t, h.Delete(t.Context(), "bert"))
		require.NoError(t, h.Purge(t.Context(), anna))
	}
	require.Empty(t, h.sync(t).Steps)
}

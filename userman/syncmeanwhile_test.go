package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

// syncWhile syncs, and does something in the midst: all is planned by then, and
// nothing done.
func (h *house) syncWhile(t *testing.T, do func()) *userman.SyncReport {
	t.Helper()
	begun := false
	r, err := h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: 1, Progress: func(int) {
		if !begun {
			begun = true
			do()
		}
	}})
	require.NoError(t, err)
	require.True(t, begun)
	return r
}

func TestARingThatSomebodyBreaksMeanwhileStaysAsItWas(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{}
			h := newServiceOver(t, open(t), "", withDirectory(d))
			d.hold(entry("id-1", "anna", "1001"), entry("id-2", "bert", "1002"), entry("id-3", "carl", ""))
			h.sync(t)
			d.hold(entry("id-1", "bert", "1003"), entry("id-2", "anna", "1001"), entry("id-3", "carla", ""))
			r := h.syncWhile(t, func() { h.add(t, person("kept.here", "1003"), "") })
			require.Equal(t, []string{"update carla username"}, steps(r))
			require.Len(t, r.Problems, 2)
			require.Equal(t, "id-1", h.get(t, "anna").ExternalID)
			require.Equal(t, "1001", h.get(t, "anna").DefaultExtension)
			require.Equal(t, "id-2", h.get(t, "bert").ExternalID)
			h.requireProven(t)
		})
	}
}

func TestWhatChangesMeanwhileIsNotUndone(t *testing.T) {
	t.Parallel()
	const meanwhile = "this person was changed at the same time; sync again"
	h, d := newSynced(t, entry("id-1", "anna", ""), entry("id-2", "bert", ""), entry("id-3", "carl", ""), entry("id-4", "dora", ""))
	h.sync(t)
	d.hold(entry("id-4", "dora", ""))
	h.sync(t)
	h.clock.Pass(10_000 * 3600e9)
	_, err := h.Enable(t.Context(), "carl")
	require.NoError(t, err)
	d.hold(entry("id-4", "doris", ""), entry("id-5", "emil", ""))
	r := h.syncWhile(t, func() { // anna and bert are to be deleted, carl to be disabled
		_, err := h.Enable(t.Context(), "anna")
		require.NoError(t, err)
		_, err = h.Disable(t.Context(), "carl")
		require.NoError(t, err)
		require.NoError(t, h.Delete(t.Context(), "bert"))
		require.NoError(t, h.Delete(t.Context(), "dora"))
		h.add(t, person("emil"), "")
	})
	require.Empty(t, r.Steps)
	require.Equal(t, []string{
		"id-1: " + meanwhile, "id-2: there is no such person", "id-3: " + meanwhile, "id-4: there is no such person",
		"id-5: username: another person has this username already; choose a different one",
	}, problems(r))
	require.False(t, h.get(t, "anna").Disabled)
}

func TestWhoIsDeletedWhileTheDirectoryIsReadIsAProblem(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "anna", ""), entry("id-2", "bert", ""))
	h.sync(t)
	d.reading = func() { require.NoError(t, h.Delete(t.Context(), "anna")) }
	r := h.trySync(t)
	require.Equal(t, []string{"id-1: this person was changed at the same time; sync again"}, problems(r))
	d.reading = nil
	require.Equal(t, []string{"create anna"}, steps(h.sync(t)))
}

func TestANewPersonsUsernameIsTakenAlsoWhereItIsNotOwned(t *testing.T) {
	t.Parallel()
	e := entry("id-1", "jane", "")
	e.Owned = []string{"email"}
	h, d := newSynced(t, e)
	h.sync(t)
	e.User.Username = "renamed"
	d.hold(e)
	require.Empty(t, h.sync(t).Steps, "from then on it is kept here")
	require.Equal(t, "id-1", h.get(t, "jane").ExternalID)
}

func TestWhoIsPurgedWhileTheDirectoryIsReadIsNotMissed(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "anna", ""), entry("id-2", "bert", ""), entry("id-3", "carl", ""))
	h.sync(t)
	d.hold(entry("id-3", "carl", ""))
	h.sync(t)
	h.clock.Pass(10_000 * 3600e9)
	anna := h.get(t, "anna").ID
	d.reading = func() {
		require.NoError(t, h.Delete(t.Context(), "anna"))
		require.NoError(t, h.Delete(t.Context(), "bert"))
		require.NoError(t, h.Purge(t.Context(), anna))
	}
	require.Empty(t, h.sync(t).Steps)
}

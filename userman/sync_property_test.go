package userman_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// drawEntries draws what a directory has: few names, so that they collide.
func drawEntries(t *rapid.T) []userman.DirectoryEntry {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) userman.DirectoryEntry {
		pick := func(what, prefix string, limit int) string {
			return fmt.Sprintf("%s%d", prefix, rapid.IntRange(1, limit).Draw(t, what))
		}
		e := newEntry(pick("external ID", "id-", 7), pick("username", "user", 7), "")
		if rapid.Bool().Draw(t, "has extension") {
			e.User.DefaultExtension = pick("extension", "100", 5)
		}
		for range rapid.IntRange(0, 2).Draw(t, "groups") {
			e.Groups = append(e.Groups, pick("group", "Group ", 3))
		}
		switch rapid.IntRange(0, 14).Draw(t, "flaw") {
		case 0:
			e.Problem = "it is broken"
		case 1:
			e.User.Disabled = true
		case 2:
			e.User.Email = "not an address"
		case 3:
			e.ExternalID = ""
		}
		return e
	}), 0, 9).Draw(t, "entries")
}

// allUsers returns all people, by ID.
func allUsers(t require.TestingT, h *env) map[string]*userman.User {
	all := map[string]*userman.User{}
	require.NoError(t, h.store.EachUser(context.Background(), func(u *userman.User) error {
		all[string(u.ID)] = u
		return nil
	}))
	return all
}

// drawManualChange does something to somebody, as people do between two syncs.
func drawManualChange(t *rapid.T, h *env) {
	list, err := h.List(context.Background(), userman.Query{})
	require.NoError(t, err)
	if len(list.Items) == 0 {
		return
	}
	username := rapid.SampledFrom(list.Items).Draw(t, "somebody").Username
	switch rapid.IntRange(0, 3).Draw(t, "by hand") {
	case 0:
		_, err = h.Disable(context.Background(), username)
	case 1:
		_, err = h.Enable(context.Background(), username)
	case 2:
		h.clock.Advance(rapid.SampledFrom([]time.Duration{time.Hour, 31 * 24 * time.Hour}).Draw(t, "pause"))
	case 3:
		err = h.Delete(context.Background(), username)
	}
	require.NoError(t, err)
}

func TestService_Sync_matchesDryRun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		d := &fakeDirectory{}
		h := newService(t, withDirectory(d))
		h.createUser(t, newUser("user1", "1001"), "")
		h.createGroup(t, "Group 1", nil)
		for range rapid.IntRange(1, 6).Draw(r, "syncs") {
			d.setEntries(drawEntries(r)...)
			drawManualChange(r, h)
			syncAndReplan(r, h, userman.SyncOptions{
				MaxRemovalRatio: rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(r, "share"),
				Adopt:           rapid.SampledFrom([]userman.AdoptPolicy{userman.AdoptNever, userman.AdoptAsSuccessor, userman.AdoptAsSameUser}).Draw(r, "adopt"),
			})
		}
		h.requireAuditIntact(t)
	})
}

// syncAndReplan plans a sync, does it, and plans it once more.
func syncAndReplan(t *rapid.T, h *env, opts userman.SyncOptions) {
	before := allUsers(t, h)
	dryRun := opts
	dryRun.DryRun = true
	planned, planErr := h.Sync(context.Background(), branchDirectory, &dryRun)
	require.Equal(t, before, allUsers(t, h), "a dry run changes nothing")
	applied, err := h.Sync(context.Background(), branchDirectory, &opts)
	require.Equal(t, planErr, err)
	after := allUsers(t, h)
	if err != nil {
		require.ErrorIs(t, err, store.ErrConflict)
		require.Equal(t, before, after, "a refusal changes nothing")
		require.Equal(t, planned, applied)
		return
	}
	planned.DryRun = false
	require.Equal(t, planned, applied)
	requireOthersUnchanged(t, before, after, applied)

	dryRun.MaxRemovalRatio = 1
	again, err := h.Sync(context.Background(), branchDirectory, &dryRun)
	if !errors.Is(err, store.ErrConflict) { // everybody went, and nobody is left there
		require.NoError(t, err)
	}
	require.Empty(t, again.Steps, "nothing is left to do")
	require.Equal(t, applied.Problems, again.Problems)
}

// requireOthersUnchanged requires that only those have changed who have a step.
func requireOthersUnchanged(t *rapid.T, before, after map[string]*userman.User, r *userman.SyncReport) {
	for id, prev := range before {
		next := after[id]
		stepped := slices.ContainsFunc(r.Steps, func(s userman.SyncStep) bool {
			adopted := s.Action == userman.SyncAdopt && s.ExternalID == next.ExternalID && prev.ExternalID != next.ExternalID
			return prev.Directory == branchDirectory && (adopted || s.ExternalID == prev.ExternalID && s.Action != userman.SyncCreate)
		})
		if !stepped {
			require.Equal(t, prev, next)
		}
		if prev.Directory == branchDirectory && prev.Disabled && prev.MissingSince.IsZero() {
			require.True(t, next.Disabled, "who was disabled by hand stays so")
			require.Equal(t, prev.DeletedAt, next.DeletedAt)
		}
	}
	for _, p := range r.Problems {
		if p.ExternalID != "" {
			require.False(t, slices.ContainsFunc(r.Steps, func(s userman.SyncStep) bool { return s.ExternalID == p.ExternalID }))
		}
	}
}

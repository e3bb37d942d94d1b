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

// anyEntries draws what a directory has: few names, so that they collide.
func anyEntries(t *rapid.T) []userman.Entry {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) userman.Entry {
		pick := func(what, prefix string, most int) string {
			return fmt.Sprintf("%s%d", prefix, rapid.IntRange(1, most).Draw(t, what))
		}
		e := entry(pick("external ID", "id-", 7), pick("username", "user", 7), "")
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

// everybody returns all people, by ID.
func everybody(t require.TestingT, h *house) map[string]*userman.User {
	all := map[string]*userman.User{}
	require.NoError(t, h.store.EachUser(context.Background(), func(u *userman.User) error {
		all[u.ID] = u
		return nil
	}))
	return all
}

// handiwork does something to somebody, as people do between two syncs.
func handiwork(t *rapid.T, h *house) {
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
		h.clock.Pass(rapid.SampledFrom([]time.Duration{time.Hour, 31 * 24 * time.Hour}).Draw(t, "pause"))
	case 3:
		err = h.Delete(context.Background(), username)
	}
	require.NoError(t, err)
}

func TestASyncDoesWhatADryRunSays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		d := &fakeDirectory{}
		h := newService(t, withDirectory(d))
		h.add(t, person("user1", "1001"), "")
		h.group(t, "Group 1", nil)
		for range rapid.IntRange(1, 6).Draw(r, "syncs") {
			d.hold(anyEntries(r)...)
			handiwork(r, h)
			syncTwice(r, h, rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(r, "share"))
		}
		h.requireProven(t)
	})
}

// syncTwice plans a sync, does it, and plans it once more.
func syncTwice(t *rapid.T, h *house, share float64) {
	before := everybody(t, h)
	planned, refusal := h.Sync(context.Background(), branch, &userman.SyncOptions{DryRun: true, MaxGone: share})
	require.Equal(t, before, everybody(t, h), "a dry run changes nothing")
	done, err := h.Sync(context.Background(), branch, &userman.SyncOptions{MaxGone: share})
	require.Equal(t, refusal, err)
	after := everybody(t, h)
	if err != nil {
		require.ErrorIs(t, err, store.ErrConflict)
		require.Equal(t, before, after, "a refusal changes nothing")
		require.Equal(t, planned, done)
		return
	}
	planned.DryRun = false
	require.Equal(t, planned, done)
	requireUntouched(t, before, after, done)

	again, err := h.Sync(context.Background(), branch, &userman.SyncOptions{DryRun: true, MaxGone: 1})
	if !errors.Is(err, store.ErrConflict) { // everybody went, and nobody is left there
		require.NoError(t, err)
	}
	require.Empty(t, again.Steps, "nothing is left to do")
	require.Equal(t, done.Problems, again.Problems)
}

// requireUntouched requires that only those have changed who have a step.
func requireUntouched(t *rapid.T, before, after map[string]*userman.User, r *userman.SyncReport) {
	for id, was := range before {
		is := after[id]
		stepped := slices.ContainsFunc(r.Steps, func(s userman.SyncStep) bool {
			return was.Directory == branch && s.ExternalID == was.ExternalID && s.Action != userman.SyncCreate
		})
		if !stepped {
			require.Equal(t, was, is)
		}
		if was.Directory == branch && was.Disabled && was.MissingSince.IsZero() {
			require.True(t, is.Disabled, "who was disabled by hand stays so")
			require.Equal(t, was.DeletedAt, is.DeletedAt)
		}
	}
	for _, p := range r.Problems {
		if p.ExternalID != "" {
			require.False(t, slices.ContainsFunc(r.Steps, func(s userman.SyncStep) bool { return s.ExternalID == p.ExternalID }))
		}
	}
}

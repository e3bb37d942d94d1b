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

func TestWhoAppearsInTheDirectoryIsCreated(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &fakeDirectory{entries: []userman.Entry{entry("id-1", "jane", "1001", "Sales"), entry("id-2", "张伟", "", "Sales", "Support")}}
			h := newServiceOver(t, open(t), "", withDirectory(d))
			h.add(t, person("kept.here", "1009"), "")
			_, err := h.CreateGroup(t.Context(), &userman.Group{Name: "Everybody", Default: true})
			require.NoError(t, err)

			r := h.sync(t)
			require.Equal(t, []string{"create jane", "create 张伟"}, steps(r))
			require.Equal(t, []string{"Sales", "Support"}, r.Groups)
			require.Equal(t, 2, r.Seen)
			require.Zero(t, r.Unchanged)

			jane := h.get(t, "jane")
			require.Equal(t, branch, jane.Directory)
			require.Equal(t, "id-1", jane.ExternalID)
			require.Equal(t, "1001", jane.DefaultExtension)
			require.Equal(t, []string{"Everybody", "Sales"}, jane.Groups)
			require.False(t, jane.HasPassword)
			group, err := h.Group(t.Context(), "sales")
			require.NoError(t, err)
			require.Equal(t, branch, group.Directory)
			require.Empty(t, group.Permissions)
			require.Equal(t, 2, group.Members)

			r = h.sync(t)
			require.Empty(t, r.Steps, "a second sync finds nothing to do")
			require.Empty(t, r.Groups)
			require.Equal(t, 2, r.Unchanged)
			require.Equal(t, h.get(t, "jane"), jane)
			h.requireProven(t)
		})
	}
}

func TestFieldsOfTheDirectoryFollowItAndOthersStay(t *testing.T) {
	t.Parallel()
	was := entry("id-1", "jane.doe", "1001")
	was.User.LastName, was.User.Email, was.User.Company = "Doe", "jane@EXAMPLE.com", "not owned"
	h, d := newSynced(t, was)
	h.sync(t)
	jane := h.get(t, "jane.doe")
	require.Empty(t, jane.Company, "what the directory does not own it does not give")
	require.Equal(t, "jane@example.com", jane.Email)
	h.update(t, "jane.doe", func(u *userman.User) { u.Company, u.LinkedExtensions = "Example", []string{"1002"} })

	_, err := h.tryUpdate(t, "jane.doe", func(u *userman.User) { u.LastName = "Roe" })
	require.ErrorIs(t, err, store.ErrConflict)
	require.ErrorContains(t, err, "last_name")

	is := entry("id-1", "jane.roe", "1001")
	is.User.LastName = "Roe"
	d.hold(is)
	require.Equal(t, []string{"update jane.roe email last_name username"}, steps(h.sync(t)))
	after := h.get(t, "jane.roe")
	require.Equal(t, jane.ID, after.ID)
	require.Empty(t, after.Email, "what is blank there is blank here")
	require.Equal(t, "Example", after.Company)
	require.Equal(t, []string{"1002"}, after.LinkedExtensions)
	_, err = h.Get(t.Context(), "jane.doe")
	require.ErrorIs(t, err, store.ErrNotFound)
	h.requireProven(t)
}

func TestWhoIsMissingIsDisabledAndLaterDeleted(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""), entry("id-2", "john", ""))
	h.sync(t)
	before, err := h.store.FindUser(t.Context(), userman.UserKey{Username: "john"})
	require.NoError(t, err)

	d.hold(entry("id-1", "jane", ""))
	require.Equal(t, []string{"disable john"}, steps(h.sync(t)))
	john, err := h.store.FindUser(t.Context(), userman.UserKey{Username: "john"})
	require.NoError(t, err)
	require.True(t, john.Disabled)
	require.Equal(t, h.clock.Now(), john.MissingSince)
	require.Greater(t, john.SessionGeneration, before.SessionGeneration, "sessions end")

	h.clock.Pass(30*24*time.Hour - time.Second)
	require.Empty(t, h.sync(t).Steps, "the grace is not over")
	h.clock.Pass(time.Second)
	r, err := h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: 1, Grace: -1})
	require.NoError(t, err)
	require.Empty(t, r.Steps, "a negative grace is never over")
	require.Equal(t, []string{"delete john"}, steps(h.sync(t)))
	_, err = h.Get(t.Context(), "john")
	require.ErrorIs(t, err, store.ErrNotFound)
	gone, err := h.GetByID(t.Context(), john.ID)
	require.NoError(t, err)
	require.False(t, gone.DeletedAt.IsZero(), "and can be restored")

	d.hold(entry("id-1", "jane", ""), entry("id-2", "john", ""))
	require.Equal(t, []string{"create john"}, steps(h.sync(t)))
	require.NotEqual(t, john.ID, h.get(t, "john").ID)
	h.requireProven(t)
}

func TestWhoComesBackIsEnabled(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""), entry("id-2", "john", ""), entry("id-3", "joan", ""))
	h.sync(t)
	_, err := h.Disable(t.Context(), "john")
	require.NoError(t, err)
	d.hold(entry("id-3", "joan", ""))
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)), "john is disabled already, by hand")
	h.clock.Pass(1000 * time.Hour)
	d.hold(entry("id-1", "janet", ""), entry("id-2", "john", ""), entry("id-3", "joan", ""))
	require.Equal(t, []string{"enable janet username"}, steps(h.sync(t)))
	require.False(t, h.get(t, "janet").Disabled)
	require.Zero(t, h.get(t, "janet").MissingSince)
	require.True(t, h.get(t, "john").Disabled, "who was disabled by hand stays so")
}

func TestWhoIsDisabledThereIsDisabledHereButNotDeleted(t *testing.T) {
	t.Parallel()
	disabled := entry("id-1", "jane", "1001")
	disabled.User.Disabled = true
	h, d := newSynced(t, disabled)
	require.Empty(t, h.sync(t).Steps, "nobody is created to be disabled")
	d.hold(entry("id-1", "jane", "1001"))
	h.sync(t)
	d.hold(disabled)
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)))
	h.clock.Pass(10_000 * time.Hour)
	require.Empty(t, h.sync(t).Steps)
	_, err := h.Enable(t.Context(), "jane")
	require.NoError(t, err)
	require.Equal(t, []string{"disable jane"}, steps(h.sync(t)), "enabling by hand does not last")
	d.hold(entry("id-1", "jane", "1001"))
	require.Equal(t, []string{"enable jane"}, steps(h.sync(t)))
}

func TestNoMoreThanAShareGoesAtOnce(t *testing.T) {
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
			var all []userman.Entry
			for i := range test.people {
				all = append(all, entry(fmt.Sprintf("id-%02d", i), fmt.Sprintf("user%02d", i), ""))
			}
			h, d := newSynced(t, all...)
			h.sync(t)
			d.hold(all[test.missing:]...)
			r, err := h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: test.share})
			require.Len(t, r.Steps, test.missing)
			if !test.refused {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, store.ErrConflict)
			require.True(t, r.DryRun, "what was planned is told, and was not done")
			require.Equal(t, "refused sync "+branch+": conflict", h.told(t))
			list, err := h.List(t.Context(), userman.Query{Status: userman.Disabled})
			require.NoError(t, err)
			require.Empty(t, list.Items)
		})
	}
}

func TestADirectoryThatIsNotReadToItsEndChangesNothing(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""), entry("id-2", "john", ""), entry("id-3", "joan", ""))
	h.sync(t)
	entries := len(h.entries(t, audit.Query{}))

	d.broken = errors.New("the line was cut")
	d.hold(entry("id-1", "renamed", ""), entry("id-4", "new", ""), entry("id-5", "lost", ""))
	for _, dry := range []bool{true, false} {
		r, err := h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: 1, DryRun: dry})
		require.ErrorIs(t, err, d.broken)
		unread, ok := errors.AsType[*userman.DirectoryError](err)
		require.True(t, ok, "it is the directory's, not ours")
		require.Equal(t, branch, unread.Directory)
		require.Nil(t, r)
	}
	d.broken = nil
	d.hold()
	_, err := h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: 1})
	require.ErrorIs(t, err, store.ErrConflict, "an empty directory is a mistake while there are people of it")
	list, err := h.List(t.Context(), userman.Query{Status: userman.Enabled})
	require.NoError(t, err)
	require.Equal(t, []string{"jane", "joan", "john"}, usernames(list))
	require.Len(t, h.entries(t, audit.Query{}), entries+3, "the trail has the failures, and nothing else")
}

func TestAnEmptyDirectoryOfNobodyIsFine(t *testing.T) {
	t.Parallel()
	h, _ := newSynced(t)
	require.Equal(t, &userman.SyncReport{
		Directory: branch, Steps: []userman.SyncStep{}, Problems: []userman.SyncProblem{}, Groups: []string{},
	}, h.sync(t))
}

func TestOneSyncOfADirectoryRunsAtATime(t *testing.T) {
	t.Parallel()
	h, d := newSynced(t, entry("id-1", "jane", ""))
	begun, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	d.reading = func() { close(begun); <-goOn }
	go func() {
		_, err := h.Sync(t.Context(), branch, nil)
		done <- err
	}()
	<-begun
	_, err := h.Sync(t.Context(), branch, nil)
	require.ErrorIs(t, err, store.ErrConflict)
	close(goOn)
	require.NoError(t, <-done)
	d.reading = nil
	h.sync(t)
}

func TestASyncThatIsInterruptedGoesOnNextTime(t *testing.T) {
	t.Parallel()
	var all []userman.Entry
	for i := range 9 {
		all = append(all, entry(fmt.Sprintf("id-%d", i), fmt.Sprintf("user%d", i), ""))
	}
	h, _ := newSynced(t, all...)
	ctx, cancel := context.WithCancel(t.Context())
	r, err := h.Sync(ctx, branch, &userman.SyncOptions{Progress: func(done int) {
		if done == 4 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, r.Steps, 4)
	var progress []int
	r, err = h.Sync(t.Context(), branch, &userman.SyncOptions{Progress: func(done int) { progress = append(progress, done) }})
	require.NoError(t, err)
	require.Len(t, r.Steps, 5)
	require.Equal(t, []int{4, 5, 6, 7, 8, 9}, progress)
}

func TestWhatCannotBeSyncedIsRefused(t *testing.T) {
	t.Parallel()
	h, _ := newSynced(t, entry("id-1", "jane", ""))
	_, err := h.Sync(t.Context(), "elsewhere", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = h.Sync(t.Context(), "", nil)
	require.ErrorIs(t, err, store.ErrNotFound, "the people who are kept here come from nowhere")
	for _, share := range []float64{-0.1, 1.1} {
		_, err = h.Sync(t.Context(), branch, &userman.SyncOptions{MaxGone: share})
		requireFields(t, err, "max_gone: range")
	}
	_, err = h.Within(func(string) bool { return true }).Sync(t.Context(), branch, nil)
	require.ErrorIs(t, err, store.ErrForbidden)
	require.Panics(t, func() {
		newService(t, func(o *userman.Options) { o.Directories = []userman.Directory{&fakeDirectory{}, &fakeDirectory{}} })
	}, "two directories of one name are a mistake in the program")
}

func TestLinksToAnEarlierAddressEndWhenTheDirectoryHasAnother(t *testing.T) {
	t.Parallel()
	was := entry("id-1", "jane", "1001")
	was.User.Email = "jane@example.com"
	d := &fakeDirectory{entries: []userman.Entry{was}}
	h := newService(t, withDirectory(d), withSIPAccounts(sipAccounts{"1001": {Technology: "PJSIP"}}))
	h.sync(t)
	link, err := h.InviteSoftphone(t.Context(), "jane")
	require.NoError(t, err)
	is := entry("id-1", "jane", "1001")
	is.User.Email, is.User.LastName = was.User.Email, "Doe"
	d.hold(is)
	require.Equal(t, []string{"update jane last_name"}, steps(h.sync(t)))
	_, err = h.SoftphoneLink(t.Context(), link.Token)
	require.NoError(t, err)

	is = entry("id-1", "jane", "1001")
	is.User.Email, is.User.LastName = "jane.doe@example.com", "Doe"
	d.hold(is)
	require.Equal(t, []string{"update jane email"}, steps(h.sync(t)))
	_, err = h.SoftphoneLink(t.Context(), link.Token)
	requireNoLink(t, err)
}

func TestWhoIsDisabledByHandAfterASyncStaysSo(t *testing.T) {
	t.Parallel()
	for name, disable := range map[string]func(h *house) error{
		"Disable": func(h *house) error { _, err := h.Disable(t.Context(), "jane"); return err },
		"Enable and Disable": func(h *house) error {
			_, err := h.Enable(t.Context(), "jane")
			require.NoError(t, err)
			_, err = h.Disable(t.Context(), "jane")
			return err
		},
		"Update": func(h *house) error {
			h.update(t, "jane", func(u *userman.User) { u.Disabled = false })
			_, err := h.tryUpdate(t, "jane", func(u *userman.User) { u.Disabled = true })
			return err
		},
	} {
		h, d := newSynced(t, entry("id-1", "jane", ""), entry("id-2", "john", ""))
		h.sync(t)
		d.hold(entry("id-2", "john", ""))
		h.sync(t)
		require.NoError(t, disable(h), name)
		require.Zero(t, h.get(t, "jane").MissingSince, name)
		h.clock.Pass(10_000 * time.Hour)
		require.Empty(t, h.sync(t).Steps, "%s: she is not deleted", name)
		d.hold(entry("id-1", "jane", ""), entry("id-2", "john", ""))
		require.Empty(t, h.sync(t).Steps, "%s: nor enabled", name)
		h.requireProven(t)
	}
}

package jobs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/testclock"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

func directoryOf(usernames ...string) *fakeDirectory {
	d := &fakeDirectory{}
	for _, name := range usernames {
		d.entries = append(d.entries, userman.DirectoryEntry{ExternalID: name, User: &userman.User{Username: name}, ManagedFields: []string{"username"}})
	}
	return d
}

func hourly() jobs.Schedule { return jobs.Schedule{Interval: time.Hour, Directory: "head-office"} }

func TestRunner_SyncIfDue_followsIntervalAcrossRestarts(t *testing.T) {
	t.Parallel()
	clock, directory, st := testclock.New(), directoryOf("alice"), memstore.New().TTLStore()
	e := setup(t, nil, directory, nil)
	newRunner := func() *jobs.Runner {
		r := jobs.New(&jobs.Options{Users: e.users, Clock: clock.Now})
		t.Cleanup(func() { require.NoError(t, r.Close(context.Background())) })
		return r
	}
	first := newRunner()
	require.True(t, hourly().Next(nil).IsZero())
	done, err := first.SyncIfDue(t.Context(), st, jobs.Schedule{Directory: "head-office"})
	require.NoError(t, err)
	require.Nil(t, done, "off")
	done, err = first.SyncIfDue(t.Context(), st, hourly())
	require.NoError(t, err)
	require.Equal(t, 1, done.Changes)
	_, err = e.users.Get(t.Context(), "alice")
	require.NoError(t, err)

	second := newRunner()
	clock.Advance(time.Hour - time.Second)
	done, err = second.SyncIfDue(t.Context(), st, hourly())
	require.NoError(t, err)
	require.Nil(t, done)
	last, err := jobs.LastScheduledSync(t.Context(), st, "head-office", clock.Now())
	require.NoError(t, err)
	require.Equal(t, clock.Now().Add(time.Second).UTC(), hourly().Next(last).UTC())
	clock.Advance(time.Second)
	done, err = second.SyncIfDue(t.Context(), st, hourly())
	require.NoError(t, err)
	require.Zero(t, done.Changes)
	require.False(t, done.EndedAt.IsZero())
}

func TestRunner_SyncIfDue_keepsGuardRailsAndReportsProblem(t *testing.T) {
	t.Parallel()
	clock, directory, st := testclock.New(), directoryOf("alice", "bob", "carol"), memstore.New().TTLStore()
	e := setup(t, nil, directory, nil)
	r := jobs.New(&jobs.Options{Users: e.users, Clock: clock.Now})
	t.Cleanup(func() { require.NoError(t, r.Close(context.Background())) })
	_, err := r.SyncIfDue(t.Context(), st, hourly())
	require.NoError(t, err)
	directory.entries = nil
	clock.Advance(time.Hour)
	done, err := r.SyncIfDue(t.Context(), st, hourly())
	require.NoError(t, err)
	require.NotEmpty(t, done.Problem, "it would remove all users")
	u, err := e.users.Get(t.Context(), "alice")
	require.NoError(t, err)
	require.False(t, u.Disabled)
	last, err := jobs.LastScheduledSync(t.Context(), st, "head-office", clock.Now())
	require.NoError(t, err)
	require.Equal(t, done.Problem, last.Problem)

	clock.Advance(time.Hour)
	done, err = r.SyncIfDue(t.Context(), st, jobs.Schedule{Interval: time.Hour, Directory: "nowhere"})
	require.NoError(t, err)
	require.NotEmpty(t, done.Problem)
}

func TestRunner_RunSchedule_startsDueSyncAndEndsWithContext(t *testing.T) {
	t.Parallel()
	e, st := setup(t, nil, directoryOf("alice"), nil), memstore.New().TTLStore()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		e.RunSchedule(ctx, &jobs.ScheduleOptions{Store: st, Schedule: hourly, Interval: time.Millisecond})
	}()
	require.Eventually(t, func() bool {
		last, err := jobs.LastScheduledSync(t.Context(), st, "head-office", time.Now())
		return err == nil && last != nil && !last.EndedAt.IsZero()
	}, time.Minute, time.Millisecond)
	cancel()
	<-ended
	_, err := e.users.Get(t.Context(), "alice")
	require.NoError(t, err)
}

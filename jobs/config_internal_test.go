package jobs

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// fakeConfigDir calls its fields.
type fakeConfigDir struct {
	apply  func(ctx context.Context) (*asteriskconf.Report, error)
	status func(ctx context.Context) (*asteriskconf.Status, error)
	plan   asteriskconf.Plan
}

func (f *fakeConfigDir) Apply(ctx context.Context) (*asteriskconf.Report, error) { return f.apply(ctx) }
func (f *fakeConfigDir) Status(ctx context.Context) (*asteriskconf.Status, error) {
	return f.status(ctx)
}
func (*fakeConfigDir) Recover(context.Context) (*asteriskconf.Recovery, error) {
	return &asteriskconf.Recovery{}, nil
}
func (*fakeConfigDir) Rollback(context.Context) (*asteriskconf.Report, error) {
	return nil, errors.New("no way back")
}
func (f *fakeConfigDir) Plan(context.Context) (*asteriskconf.Plan, error) { return &f.plan, nil }

// hostOf returns a host without records.
func hostOf(opts asterisk.Options) func() *asterisk.Host {
	return func() *asterisk.Host { return asterisk.New(nil, nil, &opts) }
}

// newRunner returns a runner over f, and how often it was closed.
func newRunner(t *testing.T, f *fakeConfigDir) (r *Runner, report func(asteriskconf.Progress), closed func() int) {
	t.Helper()
	r = New(nil)
	var mu sync.Mutex
	count, callback := 0, func(asteriskconf.Progress) {}
	r.open = func(_ context.Context, progress func(asteriskconf.Progress)) (configDir, func(), error) {
		mu.Lock()
		defer mu.Unlock()
		if progress != nil {
			callback = progress
		}
		return f, func() {
			mu.Lock()
			defer mu.Unlock()
			count++
		}, nil
	}
	report = func(p asteriskconf.Progress) {
		mu.Lock()
		progress := callback
		mu.Unlock()
		progress(p)
	}
	closeAtEnd(t, r)
	return r, report, func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

func TestRunner_StartConfig_outlivesRequest(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	var actor audit.Actor
	f := &fakeConfigDir{}
	r, report, closed := newRunner(t, f)
	f.apply = func(ctx context.Context) (*asteriskconf.Report, error) {
		report(asteriskconf.Progress{Step: asteriskconf.StepRender})
		close(entered)
		<-release
		actor = audit.ActorFromContext(ctx)
		return &asteriskconf.Report{Generation: 7}, ctx.Err()
	}
	require.Nil(t, r.LastConfig())

	ctx, cancel := context.WithCancel(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane.admin"}))
	go func() {
		<-entered
		cancel()
	}()
	first := runConfig(ctx, t, r, KindApply)
	require.True(t, first.Running())
	require.Equal(t, []asteriskconf.Progress{{Step: asteriskconf.StepRender}}, first.Steps)
	require.Equal(t, "jane.admin", first.Actor)
	require.Equal(t, time.UTC, first.StartedAt.Location())
	require.Equal(t, first, r.LastConfig())

	require.ErrorIs(t, startError(t, r, KindRecover), store.ErrConflict)
	close(release)
	run := waitForRun(t, r)
	require.NoError(t, run.Err)
	require.Equal(t, 7, run.Report.Generation)
	require.Equal(t, "jane.admin", actor.Name)
	require.Equal(t, 1, closed())
	require.True(t, first.Running(), "a copy")

	run = runConfig(t.Context(), t, r, KindRecover)
	require.NotNil(t, run.Recovery)
	require.Nil(t, run.Report)
	require.Empty(t, run.Steps)
}

// closeAtEnd closes a runner after the test.
func closeAtEnd(t *testing.T, r *Runner) {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, r.Close(context.WithoutCancel(t.Context()))) })
}

// runConfig starts a job, and waits for its end or that of ctx.
func runConfig(ctx context.Context, t *testing.T, r *Runner, kind Kind) *State {
	t.Helper()
	job, err := r.StartConfig(ctx, kind)
	require.NoError(t, err)
	return r.Wait(ctx, job)
}

// startError returns the error of starting a job.
func startError(t *testing.T, r *Runner, kind Kind) error {
	t.Helper()
	_, err := r.StartConfig(t.Context(), kind)
	return err
}

// waitForRun waits for the end of the current run, and returns it.
func waitForRun(t *testing.T, r *Runner) *State {
	t.Helper()
	require.Eventually(t, func() bool { return !r.LastConfig().Running() }, 10*time.Second, time.Millisecond)
	return r.LastConfig()
}

func TestRunner_StartConfig_returnsRequestedRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The next run starts before the waiting test reads the result.
		var r *Runner
		f := &fakeConfigDir{apply: func(context.Context) (*asteriskconf.Report, error) {
			return &asteriskconf.Report{Generation: 7}, nil
		}}
		r, _, _ = newRunner(t, f)
		run, err := r.StartConfig(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane.admin"}), KindApply)
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, startError(t, r, KindRollback))
		waited := r.Wait(t.Context(), run)
		require.Equal(t, "jane.admin", waited.Actor)
		require.Equal(t, 7, waited.Report.Generation)
	})
}

func TestRunner_StartConfig_endsOnErrorAndPanic(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind  Kind
		apply func(context.Context) (*asteriskconf.Report, error)
		says  string
	}{
		"a failure": {KindRollback, nil, "no way back"},
		"a mistake": {KindApply, func(context.Context) (*asteriskconf.Report, error) { panic("index out of range") }, errInternal.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, closed := newRunner(t, &fakeConfigDir{apply: c.apply})
			run := runConfig(t.Context(), t, r, c.kind)
			require.ErrorContains(t, run.Err, c.says)
			require.Equal(t, 1, closed())
			require.NoError(t, startError(t, r, KindRecover), "the next one begins")
		})
	}
}

func TestRunner_StartConfig_panicIsLoggedAndAuditedOnly(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	auditLog := audit.New(memstore.New().Audit(), keyring, nil)
	var log strings.Builder
	r := New(&Options{Host: hostOf(asterisk.Options{}), Audit: auditLog, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	closeAtEnd(t, r)
	r.open = func(context.Context, func(asteriskconf.Progress)) (configDir, func(), error) {
		panic("index out of range")
	}
	run := runConfig(t.Context(), t, r, KindApply)
	require.NotContains(t, run.Err.Error(), "index out of range")
	require.Contains(t, log.String(), "index out of range")
	require.Contains(t, log.String(), "config_internal_test.go", "the stack")
	list, err := auditLog.List(t.Context(), audit.Query{Action: "apply", Outcome: audit.Failed})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
}

func TestRunner_StartConfig_rejectsUnknownKind(t *testing.T) {
	t.Parallel()
	r, _, _ := newRunner(t, &fakeConfigDir{})
	for _, kind := range []Kind{"", "destroy", KindSync} {
		require.ErrorIs(t, startError(t, r, kind), store.ErrInvalid)
	}
	require.Nil(t, r.LastConfig())
}

func TestRunner_StartConfig_timesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := newRunner(t, &fakeConfigDir{apply: func(ctx context.Context) (*asteriskconf.Report, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		run := runConfig(t.Context(), t, r, KindApply)
		require.ErrorIs(t, run.Err, context.DeadlineExceeded)
	})
}

func TestRunner_Close_waitsForConfig(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r, _, _ := newRunner(t, &fakeConfigDir{apply: func(ctx context.Context) (*asteriskconf.Report, error) {
			<-release
			return &asteriskconf.Report{}, ctx.Err()
		}})
		require.NoError(t, startError(t, r, KindApply))
		closed := make(chan struct{})
		go func() {
			defer close(closed)
			expired, cancel := context.WithCancel(t.Context())
			cancel() // it would stop any other job
			_ = r.Close(expired)
		}()
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("the run is still in progress")
		default:
		}
		require.ErrorIs(t, startError(t, r, KindApply), store.ErrConflict)
		_, err := r.Status(t.Context())
		require.ErrorIs(t, err, store.ErrConflict)
		close(release)
		<-closed
		require.False(t, r.LastConfig().Running())
		require.NoError(t, r.LastConfig().Err)
	})
}

// countingConfigDir counts the status checks.
func countingConfigDir(count *int, release <-chan struct{}) *fakeConfigDir {
	return &fakeConfigDir{
		apply: func(context.Context) (*asteriskconf.Report, error) { return &asteriskconf.Report{}, nil },
		status: func(context.Context) (*asteriskconf.Status, error) {
			*count++
			status := &asteriskconf.Status{Generation: *count}
			if release != nil {
				<-release
			}
			return status, nil
		},
	}
}

func TestRunner_Status_isCached(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := 0
		r, _, _ := newRunner(t, countingConfigDir(&count, nil))
		generation := func() int {
			status, err := r.Status(t.Context())
			require.NoError(t, err)
			return status.Generation
		}
		require.Equal(t, 1, generation())
		time.Sleep(1900 * time.Millisecond) //nolint:forbidigo // the clock of synctest
		require.Equal(t, 1, generation())
		time.Sleep(200 * time.Millisecond) //nolint:forbidigo // the clock of synctest
		require.Equal(t, 2, generation())
		r.InvalidateStatus()
		require.Equal(t, 3, generation())
		runConfig(t.Context(), t, r, KindApply)
		require.Equal(t, 4, generation(), "a run changes it")

		status, err := r.Status(t.Context())
		require.NoError(t, err)
		status.Generation = 99
		require.Equal(t, 4, generation(), "callers get copies")
	})
}

func TestRunner_Status_sharesConcurrentReads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count, wait := 0, make(chan struct{})
		r, _, _ := newRunner(t, countingConfigDir(&count, wait))
		impatient, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := r.Status(impatient)
			left <- err
		}()
		synctest.Wait()
		var others sync.WaitGroup
		generations := make(chan int, 20)
		for range 20 {
			others.Go(func() {
				if status, err := r.Status(t.Context()); err == nil {
					generations <- status.Generation
				}
			})
		}
		synctest.Wait()
		leave()
		require.ErrorIs(t, <-left, context.Canceled)
		close(wait)
		others.Wait()
		require.Equal(t, 1, count)
		require.Len(t, generations, 20)
		for range 20 {
			require.Equal(t, 1, <-generations)
		}
	})
}

func TestRunner_InvalidateStatus_duringRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count, wait := 0, make(chan struct{})
		r, _, _ := newRunner(t, countingConfigDir(&count, wait))
		seen := make(chan int, 1)
		go func() {
			if status, err := r.Status(t.Context()); err == nil {
				seen <- status.Generation
			}
			close(seen)
		}()
		synctest.Wait()
		r.InvalidateStatus()
		close(wait)
		require.Equal(t, 2, <-seen)
	})
}

func TestRunner_Status_returnsErrorOnPanic(t *testing.T) {
	t.Parallel()
	r, _, _ := newRunner(t, &fakeConfigDir{status: func(context.Context) (*asteriskconf.Status, error) { panic("nil map") }})
	_, err := r.Status(t.Context())
	require.ErrorIs(t, err, errInternal)
}

func TestRunner_Status_failsWithoutAsterisk(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	auditLog := audit.New(memstore.New().Audit(), keyring, nil)
	r := New(&Options{
		Host:  hostOf(asterisk.Options{ConfDir: filepath.Join(t.TempDir(), "none"), Address: asterisk.None}),
		Audit: auditLog, Hint: func(error) string { return "Check the folder." },
	})
	closeAtEnd(t, r)
	_, err = r.Status(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = r.Plan(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	run := runConfig(t.Context(), t, r, KindApply)
	require.ErrorIs(t, run.Err, fs.ErrNotExist)
	require.Equal(t, "Check the folder.", run.Hint)
	list, err := auditLog.List(t.Context(), audit.Query{Action: "apply", Kind: "configuration", Outcome: audit.Failed})
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "an apply that could not open its folder is recorded, too")
}

// A plan of very many records takes seconds.
func TestRunner_Pending_waitsOnlyAfterChangesOfThisServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := time.Duration(0)
		f := &fakeConfigDir{
			status: func(context.Context) (*asteriskconf.Status, error) {
				time.Sleep(slow) //nolint:forbidigo // the clock of synctest
				return &asteriskconf.Status{Pending: true}, nil
			},
			plan: asteriskconf.Plan{Files: []asteriskconf.FilePlan{{Sections: []asteriskconf.SectionPlan{{Name: "desk"}}}}},
		}
		r, _, _ := newRunner(t, f)
		count := func() (int, time.Duration) {
			began := time.Now()
			pending, err := r.Pending(t.Context())
			require.NoError(t, err)
			return pending.Count, time.Since(began)
		}
		first, _ := count()
		require.Equal(t, 1, first)
		f.plan.Files[0].Sections = append(f.plan.Files[0].Sections, asteriskconf.SectionPlan{Name: "hall"})
		slow = 3 * time.Second
		time.Sleep(statusTTL) //nolint:forbidigo // the clock of synctest
		old, waited := count()
		require.Equal(t, 1, old, "the last result")
		require.Zero(t, waited)
		time.Sleep(slow) //nolint:forbidigo // the clock of synctest
		synctest.Wait()
		renewed, waited := count()
		require.Equal(t, 2, renewed)
		require.Zero(t, waited)
		r.InvalidateStatus()
		_, waited = count()
		require.Equal(t, slow, waited)
		require.NoError(t, r.Close(t.Context()))
	})
}

func TestRunner_Review_namesAuthorsSinceLastApply(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	auditLog := audit.New(memstore.New().Audit(), keyring, &audit.Options{Clock: func() time.Time { return now }})
	record := func(actor, kind, key string) {
		ctx := audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: actor})
		require.NoError(t, auditLog.Record(ctx, audit.Event{Action: "update", Kind: kind, Key: key}))
	}
	record("earlier", "AMI account", "desk")
	liveAt := now.Add(time.Minute)
	now = liveAt.Add(time.Minute)
	record("mike", "AMI account", "desk")
	record("anna", "AMI account", "Desk")
	record("anna", "AMI account", "live")
	record("eve", "user", "desk")

	f := &fakeConfigDir{
		status: func(context.Context) (*asteriskconf.Status, error) {
			return &asteriskconf.Status{Pending: true, LiveAt: &liveAt}, nil
		},
		plan: asteriskconf.Plan{Files: []asteriskconf.FilePlan{{
			RecordKind: "AMI account", Sections: []asteriskconf.SectionPlan{{Name: "desk"}, {Name: "edited"}},
		}}},
	}
	r, _, _ := newRunner(t, f)
	r.opts.Audit = auditLog
	review, err := r.Review(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"anna", "mike"}, Authors(review.Changes("AMI account", "DESK")), "the newest first")
	require.Empty(t, review.Changes("AMI account", "edited"))
	counted := review.Pending()
	require.Equal(t, 2, counted.Count)
	require.Equal(t, []string{"anna", "mike"}, counted.Authors)
	require.True(t, counted.Has("AMI account", "EDITED"))
	require.False(t, counted.Has("AMI account", "live"))
	require.False(t, counted.Has("user", "desk"))

	pending, err := r.Pending(t.Context())
	require.NoError(t, err)
	require.Equal(t, review.Pending(), pending)
	record("carl", "AMI account", "desk")
	pending, err = r.Pending(t.Context())
	require.NoError(t, err)
	require.NotContains(t, pending.Authors, "carl", "it is cached")
	r.InvalidateStatus()
	pending, err = r.Pending(t.Context())
	require.NoError(t, err)
	require.Contains(t, pending.Authors, "carl")
}

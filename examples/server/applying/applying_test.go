package applying

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
	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// fakeFolder does what its fields say.
type fakeFolder struct {
	apply  func(ctx context.Context) (*asteriskconf.Report, error)
	status func(ctx context.Context) (*asteriskconf.Status, error)
}

func (f *fakeFolder) Apply(ctx context.Context) (*asteriskconf.Report, error)  { return f.apply(ctx) }
func (f *fakeFolder) Status(ctx context.Context) (*asteriskconf.Status, error) { return f.status(ctx) }
func (*fakeFolder) Recover(context.Context) (*asteriskconf.Recovery, error) {
	return &asteriskconf.Recovery{}, nil
}
func (*fakeFolder) Rollback(context.Context) (*asteriskconf.Report, error) {
	return nil, errors.New("no way back")
}
func (*fakeFolder) Plan(context.Context) (*asteriskconf.Plan, error) {
	return &asteriskconf.Plan{}, nil
}

// on returns a runner over f, and how often it was closed.
func on(t *testing.T, f *fakeFolder) (r *Runner, tell func(asteriskconf.Progress), closed func() int) {
	t.Helper()
	r = New(&site.Site{}, nil)
	var mu sync.Mutex
	count, told := 0, func(asteriskconf.Progress) {}
	r.open = func(_ context.Context, _ Act, progress func(asteriskconf.Progress)) (folder, func(), error) {
		mu.Lock()
		defer mu.Unlock()
		if progress != nil {
			told = progress
		}
		return f, func() {
			mu.Lock()
			defer mu.Unlock()
			count++
		}, nil
	}
	tell = func(p asteriskconf.Progress) {
		mu.Lock()
		progress := told
		mu.Unlock()
		progress(p)
	}
	t.Cleanup(r.Close)
	return r, tell, func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}

func TestARunGoesOnWhenWhoeverAskedForItIsGone(t *testing.T) {
	t.Parallel()
	begun, goOn := make(chan struct{}), make(chan struct{})
	var actor audit.Actor
	f := &fakeFolder{}
	r, tell, closed := on(t, f)
	f.apply = func(ctx context.Context) (*asteriskconf.Report, error) {
		tell(asteriskconf.Progress{Step: asteriskconf.StepRender})
		close(begun)
		<-goOn
		actor = audit.ActorOf(ctx)
		return &asteriskconf.Report{Generation: 7}, ctx.Err()
	}
	require.Nil(t, r.Last())

	ctx, gone := context.WithCancel(audit.WithActor(t.Context(), audit.Actor{Kind: audit.Administrator, Name: "jane.admin"}))
	go func() {
		<-begun
		gone()
	}()
	at, err := r.Run(ctx, Apply, "jane.admin")
	require.NoError(t, err)
	require.False(t, at.Done)
	require.Equal(t, []asteriskconf.Progress{{Step: asteriskconf.StepRender}}, at.Steps)
	require.Equal(t, "jane.admin", at.StartedBy)
	require.Equal(t, time.UTC, at.StartedAt.Location())
	require.Equal(t, at, r.Last())

	require.ErrorIs(t, r.Start(t.Context(), Recover, "root.admin"), store.ErrConflict)
	close(goOn)
	run := ended(t, r)
	require.NoError(t, run.Err)
	require.Equal(t, 7, run.Report.Generation)
	require.Equal(t, "jane.admin", actor.Name)
	require.Equal(t, 1, closed())
	require.False(t, at.Done, "a copy")

	run, err = r.Run(t.Context(), Recover, "root.admin")
	require.NoError(t, err)
	require.NotNil(t, run.Recovery)
	require.Nil(t, run.Report)
	require.Empty(t, run.Steps)
}

// ended returns the run at work when it has ended.
func ended(t *testing.T, r *Runner) *Run {
	t.Helper()
	require.Eventually(t, func() bool { return r.Last().Done }, 10*time.Second, time.Millisecond)
	return r.Last()
}

func TestWhoeverWaitsGetsTheRunThatWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// The next one begins before the one who waits has looked.
		var r *Runner
		f := &fakeFolder{apply: func(context.Context) (*asteriskconf.Report, error) {
			return &asteriskconf.Report{Generation: 7}, nil
		}}
		r, _, _ = on(t, f)
		run, err := r.begin(t.Context(), Apply, "jane.admin")
		require.NoError(t, err)
		synctest.Wait()
		require.NoError(t, r.Start(t.Context(), Rollback, "root.admin"))
		waited := r.wait(t.Context(), run)
		require.Equal(t, "jane.admin", waited.StartedBy)
		require.Equal(t, 7, waited.Report.Generation)
	})
}

func TestFailuresAndMistakesEndARun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act   Act
		apply func(context.Context) (*asteriskconf.Report, error)
		says  string
	}{
		"a failure": {Rollback, nil, "no way back"},
		"a mistake": {Apply, func(context.Context) (*asteriskconf.Report, error) { panic("index out of range") }, errMistake.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _, closed := on(t, &fakeFolder{apply: c.apply})
			run, err := r.Run(t.Context(), c.act, "jane.admin")
			require.NoError(t, err)
			require.ErrorContains(t, run.Err, c.says)
			require.Equal(t, 1, closed())
			require.NoError(t, r.Start(t.Context(), Recover, "jane.admin"), "the next one begins")
		})
	}
}

func TestAMistakeIsToldToTheLogAndTheTrailAndToNobodyElse(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	trail := audit.New(memstore.New().Audit(), keyring, nil)
	var log strings.Builder
	r := New(&site.Site{Trail: trail}, &Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	t.Cleanup(r.Close)
	r.open = func(context.Context, Act, func(asteriskconf.Progress)) (folder, func(), error) {
		panic("index out of range")
	}
	run, err := r.Run(t.Context(), Apply, "jane.admin")
	require.NoError(t, err)
	require.NotContains(t, run.Err.Error(), "index out of range")
	require.Contains(t, log.String(), "index out of range")
	require.Contains(t, log.String(), "applying_test.go", "the stack")
	list, err := trail.List(t.Context(), audit.Query{Action: "apply", Outcome: audit.Failed})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
}

func TestUnknownActsAreRefused(t *testing.T) {
	t.Parallel()
	r, _, _ := on(t, &fakeFolder{})
	for _, act := range []Act{"", "destroy"} {
		require.ErrorIs(t, r.Start(t.Context(), act, "jane.admin"), store.ErrInvalid)
	}
	require.Nil(t, r.Last())
}

func TestARunThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, _, _ := on(t, &fakeFolder{apply: func(ctx context.Context) (*asteriskconf.Report, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		run, err := r.Run(t.Context(), Apply, "jane.admin")
		require.NoError(t, err)
		require.ErrorIs(t, run.Err, context.DeadlineExceeded)
	})
}

func TestCloseWaitsForTheRunAtWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		goOn := make(chan struct{})
		r, _, _ := on(t, &fakeFolder{apply: func(context.Context) (*asteriskconf.Report, error) {
			<-goOn
			return &asteriskconf.Report{}, nil
		}})
		require.NoError(t, r.Start(t.Context(), Apply, "jane.admin"))
		closed := make(chan struct{})
		go func() { r.Close(); close(closed) }()
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("the run is at work still")
		default:
		}
		require.ErrorIs(t, r.Start(t.Context(), Apply, "jane.admin"), store.ErrConflict)
		_, err := r.Status(t.Context())
		require.ErrorIs(t, err, store.ErrConflict)
		close(goOn)
		<-closed
		require.True(t, r.Last().Done)
	})
}

// looks is a folder that counts how often somebody looks.
func looks(count *int, wait <-chan struct{}) *fakeFolder {
	return &fakeFolder{
		apply: func(context.Context) (*asteriskconf.Report, error) { return &asteriskconf.Report{}, nil },
		status: func(context.Context) (*asteriskconf.Status, error) {
			*count++
			status := &asteriskconf.Status{Generation: *count}
			if wait != nil {
				<-wait
			}
			return status, nil
		},
	}
}

func TestTheStatusIsRememberedForAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := 0
		r, _, _ := on(t, looks(&count, nil))
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
		r.Changed()
		require.Equal(t, 3, generation())
		_, err := r.Run(t.Context(), Apply, "jane.admin")
		require.NoError(t, err)
		require.Equal(t, 4, generation(), "a run changes it")

		status, err := r.Status(t.Context())
		require.NoError(t, err)
		status.Generation = 99
		require.Equal(t, 4, generation(), "callers get copies")
	})
}

func TestAllWhoAskAtTheSameTimeShareOneLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count, wait := 0, make(chan struct{})
		r, _, _ := on(t, looks(&count, wait))
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

func TestWhatChangedDuringALookIsSeenByTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count, wait := 0, make(chan struct{})
		r, _, _ := on(t, looks(&count, wait))
		seen := make(chan int, 1)
		go func() {
			if status, err := r.Status(t.Context()); err == nil {
				seen <- status.Generation
			}
			close(seen)
		}()
		synctest.Wait()
		r.Changed()
		close(wait)
		require.Equal(t, 2, <-seen)
	})
}

func TestAMistakeDuringALookIsAnError(t *testing.T) {
	t.Parallel()
	r, _, _ := on(t, &fakeFolder{status: func(context.Context) (*asteriskconf.Status, error) { panic("nil map") }})
	_, err := r.Status(t.Context())
	require.ErrorIs(t, err, errMistake)
}

func TestAMachineWithoutAsteriskHasNoStatus(t *testing.T) {
	t.Parallel()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	s := &site.Site{
		Settings: site.Settings{ConfDir: filepath.Join(t.TempDir(), "none"), AMI: site.NoAsterisk},
		Trail:    audit.New(memstore.New().Audit(), keyring, nil),
	}
	r := New(s, nil)
	t.Cleanup(r.Close)
	_, err = r.Status(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = r.Plan(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	run, err := r.Run(t.Context(), Apply, "jane.admin")
	require.NoError(t, err)
	require.ErrorIs(t, run.Err, fs.ErrNotExist)
	require.NotEmpty(t, run.WayOut)
	list, err := s.Trail.List(t.Context(), audit.Query{Action: "apply", Kind: "configuration", Outcome: audit.Failed})
	require.NoError(t, err)
	require.Len(t, list.Items, 1, "an apply that did not come to its folder is kept too")
}

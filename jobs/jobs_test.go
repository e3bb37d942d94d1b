package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeMailer is a mail server that accepts mails on request.
type fakeMailer struct {
	// started has a value for each mail that is being sent, and let has the
	// result of each; a nil let accepts all.
	started   chan string
	result    chan error
	sentCount atomic.Int64
}

func (p *fakeMailer) Send(ctx context.Context, m *usermail.Mail) error {
	if p.result == nil {
		p.sentCount.Add(1)
		return nil
	}
	select {
	case p.started <- m.To:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-p.result:
		p.sentCount.Add(1)
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newBlockingMailer() *fakeMailer {
	return &fakeMailer{started: make(chan string), result: make(chan error)}
}

// fakeDirectory is a directory with the entries of a test.
type fakeDirectory struct {
	// eachFunc returns the result of Each; nil for the entries.
	eachFunc func(ctx context.Context) error
	entries  []userman.DirectoryEntry
}

func (*fakeDirectory) Name() string { return "head-office" }

func (*fakeDirectory) Capabilities() userman.Capabilities { return userman.Capabilities{Sync: true} }

func (*fakeDirectory) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, nil
}

func (o *fakeDirectory) Each(ctx context.Context, visit func(userman.DirectoryEntry) error) error {
	if o.eachFunc != nil {
		return o.eachFunc(ctx)
	}
	for _, entry := range o.entries {
		if err := visit(entry); err != nil {
			return err
		}
	}
	return nil
}

// env is a runner with its users, on a database that a test can close.
type env struct {
	*jobs.Runner

	users    *userman.Service
	auditLog *audit.Log
	pool     *sql.DB
}

// setup returns a runner with the mailer and the directory.
func setup(t *testing.T, mailer userman.Mailer, directory userman.Directory, logger *slog.Logger) *env {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pbxusers.db")
	sqlitetest.Create(t, path)
	pool, err := sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	require.NoError(t, err)
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	db, err := sqlstore.Open(t.Context(), pool, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
	require.NoError(t, err)
	e := &env{auditLog: audit.New(db.Audit(), keyring, nil), pool: pool}
	opts := &userman.Options{
		Audit: e.auditLog, Mailer: mailer, BaseURL: &url.URL{Scheme: "https", Host: "pbx.example.com"},
		Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1},
	}
	if directory != nil {
		opts.Directories = []userman.Directory{directory}
	}
	e.users = userman.New(db.Users(""), opts)
	e.Runner = jobs.New(&jobs.Options{Users: e.users, Audit: e.auditLog, Logger: logger, Hint: directoryHint})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		require.NoError(t, e.Close(ctx))
		require.NoError(t, pool.Close())
	})
	return e
}

// directoryHint is the hint of a directory that cannot be read.
func directoryHint(err error) string {
	if errors.As(err, new(*userman.DirectoryError)) {
		return "Check the servers."
	}
	return ""
}

// createUsers creates new users.
func createUsers(t *testing.T, e *env, usernames ...string) {
	t.Helper()
	for _, username := range usernames {
		_, err := e.users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: username, Email: username + "@example.org"}})
		require.NoError(t, err)
	}
}

// withActor returns a context with an administrator as actor.
func withActor(ctx context.Context, username string) context.Context {
	return audit.WithActor(ctx, audit.Actor{Kind: audit.Administrator, Name: username, RemoteAddr: netip.MustParseAddr("192.0.2.1")})
}

func TestRunner_StartWelcome_reportsProgress(t *testing.T) {
	t.Parallel()
	mails := newBlockingMailer()
	e := setup(t, mails, nil, nil)
	createUsers(t, e, "alice", "bob", "carol")
	require.Nil(t, e.LastWelcome())

	request, end := context.WithCancel(withActor(t.Context(), "jane.admin"))
	job, err := e.StartWelcome(request, e.users)
	require.NoError(t, err)
	require.True(t, job.Running())
	require.Equal(t, "jane.admin", job.Actor)
	require.Equal(t, "alice@example.org", <-mails.started)
	end() // the browser has gone

	_, err = e.StartWelcome(t.Context(), e.users)
	require.ErrorIs(t, err, store.ErrConflict)
	mails.result <- nil
	require.Equal(t, "bob@example.org", <-mails.started)
	state := e.LastWelcome()
	require.True(t, state.Running())
	require.Equal(t, 1, state.Done)
	require.Equal(t, 3, state.Total)
	mails.result <- &userman.MailRejectedError{Reason: "550 no"}
	<-mails.started
	mails.result <- nil

	state = e.Wait(t.Context(), job)
	require.False(t, state.Running())
	require.Empty(t, state.Problem)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 2, userman.DeliveryRejected: 1}, state.Welcome.Counts)
	require.Equal(t, 3, state.Done)
	list, err := e.auditLog.List(t.Context(), audit.Query{Action: "send welcome mail", Actor: "jane.admin"})
	require.NoError(t, err)
	require.Len(t, list.Items, 3, "the audit log has the actor")

	// The second run sends mails only to users who were not welcomed.
	again, err := e.StartWelcome(t.Context(), e.users)
	require.NoError(t, err)
	require.Equal(t, "bob@example.org", <-mails.started)
	require.Equal(t, state, e.Wait(t.Context(), job), "waiting for the first job returns its state")
	mails.result <- nil
	require.Equal(t, map[userman.DeliveryStatus]int{userman.DeliverySent: 1}, e.Wait(t.Context(), again).Welcome.Counts)
}

func TestState_Remaining_estimatesFromWhatIsDone(t *testing.T) {
	t.Parallel()
	start := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
	now := start.Add(time.Minute)
	for name, test := range map[string]struct {
		state *jobs.State
		want  time.Duration
	}{
		"a third":   {&jobs.State{StartedAt: start, Done: 100, Total: 300}, 2 * time.Minute},
		"nothing":   {&jobs.State{StartedAt: start, Total: 300}, 0},
		"unknown":   {&jobs.State{StartedAt: start, Done: 100}, 0},
		"all":       {&jobs.State{StartedAt: start, Done: 300, Total: 300}, 0},
		"ended":     {&jobs.State{StartedAt: start, EndedAt: now, Done: 100, Total: 300}, 0},
		"no job":    {nil, 0},
		"long runs": {&jobs.State{StartedAt: start.Add(-24 * time.Hour), Done: 1, Total: 100_001}, 100_000 * (24*time.Hour + time.Minute)},
	} {
		require.Equal(t, test.want, test.state.Remaining(now), name)
	}
}

func TestState_InScope_leavesOutUsersOutOfScope(t *testing.T) {
	t.Parallel()
	e := setup(t, &fakeMailer{}, nil, nil)
	state := &jobs.State{Kind: jobs.KindWelcome, Actor: "jane.admin", Sync: &userman.SyncReport{}, Welcome: &userman.WelcomeReport{
		Counts: map[userman.DeliveryStatus]int{userman.DeliveryNoAddress: 3},
	}}
	for _, one := range []userman.User{{Username: "near", DefaultExtension: "100"}, {Username: "far", DefaultExtension: "200"}, {Username: "gone", DefaultExtension: "101"}} {
		created, err := e.users.Create(t.Context(), userman.NewUser{User: &one})
		require.NoError(t, err)
		state.Welcome.Undelivered = append(state.Welcome.Undelivered, userman.Delivery{UserID: created.ID, Username: one.Username})
	}
	require.NoError(t, e.users.Delete(t.Context(), "gone"))
	require.NoError(t, e.users.Purge(t.Context(), state.Welcome.Undelivered[2].UserID))

	extensions, err := scope.ParseRanges("100-199")
	require.NoError(t, err)
	limited := e.users.Scoped(func(context.Context) (scope.Scope, error) { return scope.Limited(extensions, scope.Ranges{}), nil })
	shown, err := state.InScope(t.Context(), limited)
	require.NoError(t, err)
	require.Equal(t, state.Welcome.Undelivered[:1], shown.Welcome.Undelivered)
	require.Equal(t, state.Welcome.Counts, shown.Welcome.Counts)
	require.Nil(t, shown.Sync)
	require.Len(t, state.Welcome.Undelivered, 3, "the job keeps its report")
	denied, err := e.auditLog.List(t.Context(), audit.Query{Outcome: audit.Denied})
	require.NoError(t, err)
	require.Empty(t, denied.Items)

	shown, err = state.InScope(t.Context(), e.users)
	require.NoError(t, err)
	require.Equal(t, state, shown)
	broken := errors.New("the disk is gone")
	_, err = state.InScope(t.Context(), e.users.Scoped(func(context.Context) (scope.Scope, error) { return scope.Scope{}, broken }))
	require.ErrorIs(t, err, broken)
}

func TestRunner_StartSync_syncsDirectory(t *testing.T) {
	t.Parallel()
	directory := &fakeDirectory{entries: []userman.DirectoryEntry{{ExternalID: "1", User: &userman.User{Username: "alice"}, ManagedFields: []string{"username"}}}}
	e := setup(t, nil, directory, nil)
	_, err := e.StartSync(t.Context(), "nowhere", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, dry := range []bool{true, false} {
		job, err := e.StartSync(withActor(t.Context(), "jane.admin"), "head-office", &userman.SyncOptions{DryRun: dry})
		require.NoError(t, err)
		state := e.Wait(t.Context(), job)
		require.Empty(t, state.Problem)
		require.Equal(t, dry, state.Sync.DryRun)
		require.Len(t, state.Sync.Steps, 1)
		_, err = e.users.Get(t.Context(), "alice")
		require.Equal(t, dry, errors.Is(err, store.ErrNotFound))
	}
	require.Equal(t, "head-office", e.LastSync("head-office").Directory)
	require.Nil(t, e.LastSync("elsewhere"))

	// A rejected sync reports the reason and the plan.
	directory.entries = nil
	job, err := e.StartSync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	state := e.Wait(t.Context(), job)
	require.NotEmpty(t, state.Problem)
	require.NotNil(t, state.Sync)
	_, err = e.users.Get(t.Context(), "alice")
	require.NoError(t, err)
}

func TestRunner_StartSync_failureHidesInternalErrors(t *testing.T) {
	t.Parallel()
	const unknown = "the server failed; see its log"
	directory := &fakeDirectory{}
	var log bytes.Buffer
	e := setup(t, nil, directory, slog.New(slog.NewTextHandler(&log, nil)))
	for _, test := range []struct {
		each func(context.Context) error
		says string
	}{
		{
			func(context.Context) error { return errors.New("connection refused") },
			"the directory head-office could not be read: connection refused. Check the servers",
		},
		{
			func(context.Context) error { return &store.ConflictError{Reason: "narrow what is read"} },
			"the directory head-office could not be read: narrow what is read. ",
		},
		{func(context.Context) error { panic("hush") }, "an internal error ended this; see the log of the server"},
	} {
		directory.eachFunc = test.each
		job, err := e.StartSync(t.Context(), "head-office", nil)
		require.NoError(t, err)
		state := e.Wait(t.Context(), job)
		require.True(t, strings.HasPrefix(state.Problem, test.says), state.Problem)
		require.NotContains(t, state.Problem, "hush")
	}
	require.Contains(t, log.String(), "hush", "the log has all of it")
	require.NoError(t, e.pool.Close())
	job, err := e.StartWelcome(t.Context(), e.users)
	require.NoError(t, err)
	require.Equal(t, unknown, e.Wait(t.Context(), job).Problem)
	require.Contains(t, log.String(), "closed")
}

func TestRunner_StartSync_runsBesideWelcome(t *testing.T) {
	t.Parallel()
	mails := newBlockingMailer()
	e := setup(t, mails, &fakeDirectory{}, nil)
	createUsers(t, e, "alice")
	_, err := e.StartWelcome(t.Context(), e.users)
	require.NoError(t, err)
	<-mails.started
	job, err := e.StartSync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	require.False(t, e.Wait(t.Context(), job).Running())
	mails.result <- nil
}

func TestRunner_Close_cancelsJobsAtDeadline(t *testing.T) {
	t.Parallel()
	mails := newBlockingMailer()
	e := setup(t, mails, nil, nil)
	createUsers(t, e, "alice")
	job, err := e.StartWelcome(t.Context(), e.users)
	require.NoError(t, err)
	<-mails.started
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.True(t, e.Wait(ended, job).Running())
	require.ErrorIs(t, e.Close(ended), context.Canceled)
	state := e.LastWelcome()
	require.False(t, state.Running())
	require.Contains(t, state.Problem, "the server was stopped")
	require.Zero(t, mails.sentCount.Load())
	_, err = e.StartWelcome(t.Context(), e.users)
	require.ErrorIs(t, err, store.ErrConflict)
}

func TestRunner_StartWelcome_startsOnceConcurrently(t *testing.T) {
	t.Parallel()
	mails := newBlockingMailer()
	e := setup(t, mails, nil, nil)
	createUsers(t, e, "alice")
	outcomes := make(chan error)
	for i := range 50 {
		go func() {
			_, err := e.StartWelcome(withActor(t.Context(), fmt.Sprintf("admin%d", i)), e.users)
			outcomes <- err
		}()
	}
	started := 0
	for range 50 {
		if err := <-outcomes; err == nil {
			started++
		} else {
			require.ErrorIs(t, err, store.ErrConflict)
		}
	}
	require.Equal(t, 1, started)
	<-mails.started
	mails.result <- nil
}

package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// post is a mail server that takes a mail when it is told to.
type post struct {
	// begun has a value for each mail that is on its way, and let gives each
	// its answer; a nil let answers at once.
	begun chan string
	let   chan error
	sent  atomic.Int64
}

func (p *post) Send(ctx context.Context, m *userman.Message) error {
	if p.let == nil {
		p.sent.Add(1)
		return nil
	}
	select {
	case p.begun <- m.To:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-p.let:
		p.sent.Add(1)
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func stalling() *post { return &post{begun: make(chan string), let: make(chan error)} }

// office is a directory of people whom the test makes up.
type office struct {
	// each returns what Each does; the entries are there otherwise.
	each    func(ctx context.Context) error
	entries []userman.Entry
}

func (*office) Name() string { return "head-office" }

func (*office) Abilities() userman.Abilities { return userman.Abilities{Sync: true} }

func (*office) Authenticate(context.Context, string, store.Secret) (bool, error) { return false, nil }

func (o *office) Each(ctx context.Context, visit func(userman.Entry) error) error {
	if o.each != nil {
		return o.each(ctx)
	}
	for _, entry := range o.entries {
		if err := visit(entry); err != nil {
			return err
		}
	}
	return nil
}

// setup is a site whose people are sent mails by mailer, and come from
// directory, and a runner of it.
func setup(t *testing.T, mailer userman.Mailer, directory userman.Directory) (*site.Site, *jobs.Runner) {
	t.Helper()
	settings := site.Settings{
		DB: "sqlite:" + filepath.Join(t.TempDir(), "pbxusers.db"), ConfDir: t.TempDir(), AMI: site.NoAsterisk, BaseURL: "https://pbx.example.com",
	}
	s, err := site.Open(t.Context(), settings, &site.Options{Create: true, People: func(o *userman.Options) {
		o.Argon2 = userman.Argon2{Memory: 64, Time: 1, Threads: 1}
		o.Mailer = mailer
		if directory != nil {
			o.Directories = []userman.Directory{directory}
		}
	}})
	require.NoError(t, err)
	r := jobs.New(s, nil)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		require.NoError(t, r.Close(ctx))
		require.NoError(t, s.Close())
	})
	return s, r
}

// add makes somebody new.
func add(t *testing.T, s *site.Site, usernames ...string) {
	t.Helper()
	for _, username := range usernames {
		_, err := s.People.Create(t.Context(), userman.NewUser{User: &userman.User{Username: username, Email: username + "@example.org"}})
		require.NoError(t, err)
	}
}

// as is a context in which an administrator acts.
func as(ctx context.Context, username string) context.Context {
	return audit.WithActor(ctx, audit.Actor{Kind: audit.Administrator, Name: username, Source: "192.0.2.1"})
}

func TestEverybodyNewIsWelcomedInTheBackground_withProgress(t *testing.T) {
	t.Parallel()
	mails := stalling()
	s, r := setup(t, mails, nil)
	add(t, s, "alice", "bob", "carol")
	require.Nil(t, r.State(jobs.Welcome, ""))

	request, end := context.WithCancel(as(t.Context(), "jane.admin"))
	begun, err := r.StartWelcome(request, s.People)
	require.NoError(t, err)
	require.True(t, begun.Running())
	require.Equal(t, "jane.admin", begun.Actor)
	require.Equal(t, "alice@example.org", <-mails.begun)
	end() // the browser has gone

	_, err = r.StartWelcome(t.Context(), s.People)
	require.ErrorIs(t, err, store.ErrConflict)
	mails.let <- nil
	require.Equal(t, "bob@example.org", <-mails.begun)
	state := r.State(jobs.Welcome, "")
	require.True(t, state.Running())
	require.Equal(t, 1, state.Done)
	require.Equal(t, 3, state.Total)
	mails.let <- &userman.MailRefusedError{Reason: "550 no"}
	<-mails.begun
	mails.let <- nil

	state = r.Wait(t.Context(), begun)
	require.False(t, state.Running())
	require.Empty(t, state.Problem)
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 2, userman.Refused: 1}, state.Welcome.Counts)
	require.Equal(t, 3, state.Done)
	list, err := s.Trail.List(t.Context(), audit.Query{Action: "send welcome mail", Actor: "jane.admin"})
	require.NoError(t, err)
	require.Len(t, list.Items, 3, "the trail has who began it")

	// Again: only who was not welcomed is sent a mail.
	again, err := r.StartWelcome(t.Context(), s.People)
	require.NoError(t, err)
	require.Equal(t, "bob@example.org", <-mails.begun)
	require.Equal(t, state, r.Wait(t.Context(), begun), "who waits for the one before is told of that")
	mails.let <- nil
	require.Equal(t, map[userman.DeliveryStatus]int{userman.Delivered: 1}, r.Wait(t.Context(), again).Welcome.Counts)
}

func TestADirectoryIsSyncedInTheBackground(t *testing.T) {
	t.Parallel()
	directory := &office{entries: []userman.Entry{{ExternalID: "1", User: &userman.User{Username: "alice"}, Owned: []string{"username"}}}}
	s, r := setup(t, nil, directory)
	_, err := r.StartSync(t.Context(), "nowhere", nil)
	require.ErrorIs(t, err, store.ErrNotFound)
	for _, dry := range []bool{true, false} {
		begun, err := r.StartSync(as(t.Context(), "jane.admin"), "head-office", &userman.SyncOptions{DryRun: dry})
		require.NoError(t, err)
		state := r.Wait(t.Context(), begun)
		require.Empty(t, state.Problem)
		require.Equal(t, dry, state.Sync.DryRun)
		require.Len(t, state.Sync.Steps, 1)
		_, err = s.People.Get(t.Context(), "alice")
		require.Equal(t, dry, errors.Is(err, store.ErrNotFound))
	}
	require.Equal(t, "head-office", r.State(jobs.Sync, "head-office").Directory)
	require.Nil(t, r.State(jobs.Sync, "elsewhere"))

	// What is refused says why, and shows what was planned.
	directory.entries = nil
	begun, err := r.StartSync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	state := r.Wait(t.Context(), begun)
	require.NotEmpty(t, state.Problem)
	require.NotNil(t, state.Sync)
	_, err = s.People.Get(t.Context(), "alice")
	require.NoError(t, err)
}

func TestAJobThatFailsSaysWhyWhereItMayBeKnown_andAnotherMayBegin(t *testing.T) {
	t.Parallel()
	const unknown = "the server failed; its log says more"
	directory := &office{}
	s, _ := setup(t, nil, directory)
	var log bytes.Buffer
	r := jobs.New(s, &jobs.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, test := range []struct {
		each func(context.Context) error
		says string
	}{
		{
			func(context.Context) error { return errors.New("connection refused") },
			"the directory head-office could not be read: connection refused. Look at the servers",
		},
		{
			func(context.Context) error { return &store.ConflictError{Reason: "narrow what is read"} },
			"the directory head-office could not be read: narrow what is read. ",
		},
		{func(context.Context) error { panic("hush") }, "a mistake in the program ended it; the log of the server says more"},
	} {
		directory.each = test.each
		begun, err := r.StartSync(t.Context(), "head-office", nil)
		require.NoError(t, err)
		state := r.Wait(t.Context(), begun)
		require.True(t, strings.HasPrefix(state.Problem, test.says), state.Problem)
		require.NotContains(t, state.Problem, "hush")
	}
	require.Contains(t, log.String(), "hush", "the log has all of it")
	require.NoError(t, s.Close())
	begun, err := r.StartWelcome(t.Context(), s.People)
	require.NoError(t, err)
	require.Equal(t, unknown, r.Wait(t.Context(), begun).Problem)
	require.Contains(t, log.String(), "closed")
	require.NoError(t, r.Close(t.Context()))
}

func TestKindsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	mails := stalling()
	s, r := setup(t, mails, &office{})
	add(t, s, "alice")
	_, err := r.StartWelcome(t.Context(), s.People)
	require.NoError(t, err)
	<-mails.begun
	begun, err := r.StartSync(t.Context(), "head-office", nil)
	require.NoError(t, err)
	require.False(t, r.Wait(t.Context(), begun).Running())
	mails.let <- nil
}

func TestCloseWaitsForJobs_andThenStopsThem(t *testing.T) {
	t.Parallel()
	mails := stalling()
	s, r := setup(t, mails, nil)
	add(t, s, "alice")
	begun, err := r.StartWelcome(t.Context(), s.People)
	require.NoError(t, err)
	<-mails.begun
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.True(t, r.Wait(ended, begun).Running())
	require.ErrorIs(t, r.Close(ended), context.Canceled)
	state := r.State(jobs.Welcome, "")
	require.False(t, state.Running())
	require.Contains(t, state.Problem, "the server was stopped")
	require.Zero(t, mails.sent.Load())
	_, err = r.StartWelcome(t.Context(), s.People)
	require.ErrorIs(t, err, store.ErrConflict)
}

func TestOfManyWhoStartAJobOneDoes(t *testing.T) {
	t.Parallel()
	mails := stalling()
	s, r := setup(t, mails, nil)
	add(t, s, "alice")
	outcomes := make(chan error)
	for i := range 50 {
		go func() {
			_, err := r.StartWelcome(as(t.Context(), fmt.Sprintf("admin%d", i)), s.People)
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
	<-mails.begun
	mails.let <- nil
}

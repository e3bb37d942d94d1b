package asteriskconf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// watchedSite is a stub whose folder tells of its steps and keeps a trail.
type watchedSite struct {
	*stubSite
	trail *audit.Trail
	steps []asteriskconf.Progress
}

func newWatchedSite(t *testing.T) *watchedSite {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	s := &watchedSite{stubSite: newStubSite(t, "alpha"), trail: audit.New(memstore.New().Audit(), keyring, nil)}
	s.folder = s.watched(t, s.stub)
	return s
}

// watched opens the folder anew; live may be nil.
func (s *watchedSite) watched(t *testing.T, live asteriskconf.Asterisk) *asteriskconf.Folder {
	t.Helper()
	folder, err := asteriskconf.Open(s.dir, []asteriskconf.Source{manager.NewSource(s.store, nil)}, &asteriskconf.Options{
		Asterisk: live, Audit: s.trail,
		Progress: func(p asteriskconf.Progress) { s.steps = append(s.steps, p) },
	})
	require.NoError(t, err)
	return folder
}

// told returns the steps since the last call, of which those of one file name
// it.
func (s *watchedSite) told(t *testing.T) []string {
	t.Helper()
	names := []string{}
	for _, p := range s.steps {
		ofFile := p.Step == asteriskconf.StepReload || p.Step == asteriskconf.StepVerify || p.Step == asteriskconf.StepRevoke
		require.Equal(t, ofFile, p.File == stubOurs, p.Step)
		names = append(names, p.Step)
	}
	s.steps = nil
	return names
}

// last returns the newest entry of the trail.
func (s *watchedSite) last(t *testing.T) *audit.Entry {
	t.Helper()
	list, err := s.trail.List(t.Context(), audit.Query{})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items)
	e := list.Items[0]
	require.Equal(t, []string{"configuration", filepath.Base(s.dir)}, []string{e.Kind, e.Key})
	return e
}

func TestAnApplyTellsEachOfItsStepsAndIsKeptInTheTrail(t *testing.T) {
	t.Parallel()
	s := newWatchedSite(t)
	s.add(t, "beta")
	jane := audit.Actor{Kind: audit.Administrator, Name: "jane", Source: "192.0.2.7"}
	report, err := s.folder.Apply(audit.WithActor(within(t), jane))
	require.NoError(t, err)
	require.Equal(t, []string{"connection", "rendering", "check", "writing", "reload", "verification", "revocation"}, s.told(t))

	e := s.last(t)
	require.Equal(t, jane, e.Actor)
	require.Equal(t, []any{"apply", audit.Done, ""}, []any{e.Action, e.Outcome, e.Reason})
	want, err := json.Marshal(report)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(e.After))
	require.NotContains(t, string(e.After), "secret of")

	s.apply(t) // nothing to do
	require.Equal(t, []string{"connection", "rendering", "check"}, s.told(t))
	require.Contains(t, string(s.last(t).After), `"changed":false`)

	_, err = s.folder.Rollback(within(t))
	require.NoError(t, err)
	require.Equal(t, []string{"rendering", "check", "writing", "reload", "verification", "revocation"}, s.told(t))
	require.Equal(t, []any{"rollback", audit.Done}, []any{s.last(t).Action, s.last(t).Outcome})
}

func TestAnApplyThatFailsIsKeptWithItsStep(t *testing.T) {
	t.Parallel()
	s := newWatchedSite(t)
	s.add(t, "beta")
	s.deaf = true
	require.Equal(t, asteriskconf.StepVerify, s.refused(t).Step)
	require.Equal(t, []string{"connection", "rendering", "check", "writing", "reload", "verification", "undoing"}, s.told(t))
	e := s.last(t)
	require.Equal(t, []any{"apply", audit.Failed, "failed: verification, rolled back"}, []any{e.Action, e.Outcome, e.Reason})
	require.Nil(t, e.After)
}

func TestTheReasonOfAnApplyErrorSaysHowThingsStand(t *testing.T) {
	t.Parallel()
	for want, failure := range map[string]asteriskconf.ApplyError{
		"check, nothing changed":        {},
		"check, rolled back":            {Changed: true},
		"check, roll back not verified": {Changed: true, Undo: errors.New("lost")},
		"check, kept":                   {Changed: true, Kept: true},
	} {
		failure.Step = asteriskconf.StepCheck
		require.Equal(t, want, failure.AuditReason())
	}
}

func TestARollBackThatIsRefusedIsKept(t *testing.T) {
	t.Parallel()
	s := newWatchedSite(t)
	_, err := s.folder.Rollback(within(t))
	require.ErrorIs(t, err, store.ErrConflict)
	e := s.last(t)
	require.Equal(t, []any{"rollback", audit.Refused, "conflict"}, []any{e.Action, e.Outcome, e.Reason})
	require.Empty(t, s.told(t))
}

func TestARecoveryIsKeptWhenItHadSomethingToDo(t *testing.T) {
	t.Parallel()
	for name, mend := range map[string]func(ctx context.Context, folder *asteriskconf.Folder) error{
		"by itself": func(ctx context.Context, folder *asteriskconf.Folder) error {
			_, err := folder.Recover(ctx)
			return err
		},
		"by an apply": func(ctx context.Context, folder *asteriskconf.Folder) error { _, err := folder.Apply(ctx); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWatchedSite(t)
			s.add(t, "beta")
			s.reload = runtime.Goexit
			cutShort(func() { _, _ = s.folder.Apply(t.Context()) })
			s.reload = nil
			s.told(t)
			require.NoError(t, mend(within(t), s.folder))
			require.Equal(t, []string{"recovery", "reload", "verification", "revocation"}, s.told(t)[:4])
			list, err := s.trail.List(t.Context(), audit.Query{Action: "recover"})
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			require.JSONEq(t, `{"interrupted": true, "forward": true, "verified": true}`, string(list.Items[0].After))

			_, err = s.folder.Recover(within(t))
			require.NoError(t, err)
			list, err = s.trail.List(t.Context(), audit.Query{Action: "recover"})
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			require.Empty(t, s.told(t))
		})
	}
}

func TestAnApplyWithoutAsteriskTellsOfNoConnection(t *testing.T) {
	t.Parallel()
	s := newWatchedSite(t)
	s.add(t, "beta")
	_, err := s.watched(t, nil).Apply(within(t))
	require.NoError(t, err)
	require.Equal(t, []string{"rendering", "check", "writing"}, s.told(t))
	require.Contains(t, string(s.last(t).After), `"verified":false`)
}

// full is a trail's store that cannot be written.
type full struct{ audit.Store }

func (full) AppendEntry(context.Context, *audit.Entry, audit.Head) error {
	return errors.New("the disk is full")
}

func TestAnApplyIsLiveAlthoughTheTrailCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newWatchedSite(t)
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	var log bytes.Buffer
	s.folder, err = asteriskconf.Open(s.dir, []asteriskconf.Source{manager.NewSource(s.store, nil)}, &asteriskconf.Options{
		Asterisk: s.stub, Audit: audit.New(full{memstore.New().Audit()}, keyring, nil), Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	s.add(t, "beta")
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.users())
	require.Contains(t, log.String(), "the audit trail cannot be written")
}

func TestAnApplyThatIsDoneIsKeptAlthoughItsRequestIsGone(t *testing.T) {
	t.Parallel()
	s := newWatchedSite(t)
	s.add(t, "beta")
	ctx, cancel := context.WithCancel(within(t))
	s.after = cancel // Asterisk has reloaded by then
	_, err := s.folder.Apply(ctx)
	require.NoError(t, err)
	require.Error(t, ctx.Err())
	require.Equal(t, audit.Done, s.last(t).Outcome)
}

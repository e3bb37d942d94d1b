package asteriskconf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
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

// auditedEnv is a fakeEnv whose folder reports its steps and has an audit log.
type auditedEnv struct {
	*fakeEnv
	audit *audit.Log
	steps []asteriskconf.Progress
}

func newAuditedEnv(t *testing.T) *auditedEnv {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	s := &auditedEnv{fakeEnv: newFakeEnv(t, "alpha"), audit: audit.New(memstore.New().Audit(), keyring, nil)}
	s.configDir = s.openAudited(t, s.fakeAsterisk)
	return s
}

// openAudited opens the folder again; asterisk may be nil.
func (s *auditedEnv) openAudited(t *testing.T, asterisk asteriskconf.Asterisk) *asteriskconf.ConfigDir {
	t.Helper()
	configDir, err := asteriskconf.Open(s.dir, []asteriskconf.Source{manager.NewConfSource(s.store, nil)}, &asteriskconf.Options{
		Asterisk: asterisk, Audit: s.audit,
		Progress: func(p asteriskconf.Progress) { s.steps = append(s.steps, p) },
	})
	require.NoError(t, err)
	return configDir
}

// takeSteps returns the steps since the last call. A step of one file has its
// name.
func (s *auditedEnv) takeSteps(t *testing.T) []string {
	t.Helper()
	names := []string{}
	for _, p := range s.steps {
		ofFile := p.Step == asteriskconf.StepReload || p.Step == asteriskconf.StepVerify || p.Step == asteriskconf.StepRevoke
		require.Equal(t, ofFile, p.File == fakeManagedFile, p.Step)
		names = append(names, p.Step)
	}
	s.steps = nil
	return names
}

// lastEntry returns the newest entry of the audit log.
func (s *auditedEnv) lastEntry(t *testing.T) *audit.Entry {
	t.Helper()
	list, err := s.audit.List(t.Context(), audit.Query{})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items)
	e := list.Items[0]
	require.Equal(t, []string{"configuration", filepath.Base(s.dir)}, []string{e.Kind, e.Key})
	return e
}

func TestAudit_applyReportsStepsAndIsRecorded(t *testing.T) {
	t.Parallel()
	s := newAuditedEnv(t)
	s.add(t, "beta")
	jane := audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.7")}
	report, err := s.configDir.Apply(audit.WithActor(testContext(t), jane))
	require.NoError(t, err)
	require.Equal(t, []string{"connect", "render", "check", "write", "reload", "verify", "revoke"}, s.takeSteps(t))

	e := s.lastEntry(t)
	require.Equal(t, jane, e.Actor)
	require.Equal(t, []any{"apply", audit.Succeeded, ""}, []any{e.Action, e.Outcome, e.Reason})
	want, err := json.Marshal(report)
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(e.After))
	require.NotContains(t, string(e.After), "secret of")

	s.apply(t) // nothing to do
	require.Equal(t, []string{"connect", "render", "check"}, s.takeSteps(t))
	require.Contains(t, string(s.lastEntry(t).After), `"changed":false`)

	_, err = s.configDir.Rollback(testContext(t))
	require.NoError(t, err)
	require.Equal(t, []string{"render", "check", "write", "reload", "verify", "revoke"}, s.takeSteps(t))
	require.Equal(t, []any{"rollback", audit.Succeeded}, []any{s.lastEntry(t).Action, s.lastEntry(t).Outcome})
}

func TestAudit_recordsFailedApplyWithStep(t *testing.T) {
	t.Parallel()
	s := newAuditedEnv(t)
	s.add(t, "beta")
	s.ignoresReload = true
	require.Equal(t, asteriskconf.StepVerify, s.requireApplyError(t).Step)
	require.Equal(t, []string{"connect", "render", "check", "write", "reload", "verify", "rollback"}, s.takeSteps(t))
	e := s.lastEntry(t)
	require.Equal(t, []any{"apply", audit.Failed, "failed: verify, rolled back"}, []any{e.Action, e.Outcome, e.Reason})
	require.Nil(t, e.After)
}

func TestApplyError_AuditReason(t *testing.T) {
	t.Parallel()
	for want, failure := range map[string]asteriskconf.ApplyError{
		"check, nothing changed":       {},
		"check, rolled back":           {Changed: true},
		"check, rollback not verified": {Changed: true, RollbackErr: errors.New("lost")},
		"check, revocation pending":    {Changed: true, RevocationPending: true},
	} {
		failure.Step = asteriskconf.StepCheck
		require.Equal(t, want, failure.AuditReason())
	}
}

func TestAudit_recordsRejectedRollback(t *testing.T) {
	t.Parallel()
	s := newAuditedEnv(t)
	_, err := s.configDir.Rollback(testContext(t))
	require.ErrorIs(t, err, store.ErrConflict)
	e := s.lastEntry(t)
	require.Equal(t, []any{"rollback", audit.Denied, "conflict"}, []any{e.Action, e.Outcome, e.Reason})
	require.Empty(t, s.takeSteps(t))
}

func TestAudit_recordsRecoveryOfInterruptedApply(t *testing.T) {
	t.Parallel()
	for name, repair := range map[string]func(ctx context.Context, configDir *asteriskconf.ConfigDir) error{
		"by itself": func(ctx context.Context, configDir *asteriskconf.ConfigDir) error {
			_, err := configDir.Recover(ctx)
			return err
		},
		"by an apply": func(ctx context.Context, configDir *asteriskconf.ConfigDir) error {
			_, err := configDir.Apply(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newAuditedEnv(t)
			s.add(t, "beta")
			s.beforeReload = runtime.Goexit
			interruptApply(func() { _, _ = s.configDir.Apply(t.Context()) })
			s.beforeReload = nil
			s.takeSteps(t)
			require.NoError(t, repair(testContext(t), s.configDir))
			require.Equal(t, []string{"recover", "reload", "verify", "revoke"}, s.takeSteps(t)[:4])
			list, err := s.audit.List(t.Context(), audit.Query{Action: "recover"})
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			require.JSONEq(t, `{"interrupted": true, "rolled_forward": true, "verified": true}`, string(list.Items[0].After))

			_, err = s.configDir.Recover(testContext(t))
			require.NoError(t, err)
			list, err = s.audit.List(t.Context(), audit.Query{Action: "recover"})
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			require.Empty(t, s.takeSteps(t))
		})
	}
}

func TestProgress_offlineApplyOmitsConnectStep(t *testing.T) {
	t.Parallel()
	s := newAuditedEnv(t)
	s.add(t, "beta")
	_, err := s.openAudited(t, nil).Apply(testContext(t))
	require.NoError(t, err)
	require.Equal(t, []string{"render", "check", "write"}, s.takeSteps(t))
	require.Contains(t, string(s.lastEntry(t).After), `"verified":false`)
}

// failingStore is an audit store that cannot be written.
type failingStore struct{ audit.Store }

func (failingStore) AppendEntry(context.Context, *audit.Entry, audit.Head) error {
	return errors.New("the disk is full")
}

func TestAudit_writeFailureDoesNotFailApply(t *testing.T) {
	t.Parallel()
	s := newAuditedEnv(t)
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	var log bytes.Buffer
	s.configDir, err = asteriskconf.Open(s.dir, []asteriskconf.Source{manager.NewConfSource(s.store, nil)}, &asteriskconf.Options{
		Asterisk: s.fakeAsterisk, Audit: audit.New(failingStore{memstore.New().Audit()}, keyring, nil), Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	s.add(t, "beta")
	s.apply(t)
	require.Equal(t, []string{"alpha", "beta"}, s.accounts())
	require.Contains(t, log.String(), "cannot write the audit log")
}

func TestAudit_recordsApplyAfterContextCanceled(t *testing.T) {
	t.Parallel()
	s := newAuditedEnv(t)
	s.add(t, "beta")
	ctx, cancel := context.WithCancel(testContext(t))
	s.afterReload = cancel // Asterisk has reloaded by then
	_, err := s.configDir.Apply(ctx)
	require.NoError(t, err)
	require.Error(t, ctx.Err())
	require.Equal(t, audit.Succeeded, s.lastEntry(t).Outcome)
}

package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/memstore"
)

const kind = "AMI account"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

// env is an audit log in memory, and the output of its logger.
type env struct {
	db      *memstore.DB
	keyring *store.Keyring
	audit   *audit.Log
	logBuf  *bytes.Buffer
}

func newEnv(t testing.TB) *env {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	b := &env{db: memstore.New(), keyring: keyring, logBuf: &bytes.Buffer{}}
	b.audit = b.newLog(b.db.Audit())
	return b
}

// newLog returns an audit log with the same keys in another store.
func (b *env) newLog(st audit.Store) *audit.Log {
	return audit.New(st, b.keyring, &audit.Options{
		Clock: func() time.Time { return noon }, Logger: slog.New(slog.NewTextHandler(b.logBuf, nil)),
	})
}

// entries returns all entries, oldest first.
func (b *env) entries(t require.TestingT) []*audit.Entry {
	var entries []*audit.Entry
	require.NoError(t, b.db.Audit().EachEntry(context.Background(), func(e *audit.Entry) error {
		entries = append(entries, e)
		return nil
	}))
	return entries
}

// create works like a service: it changes a record and records that.
func (b *env) create(ctx context.Context, name string) error {
	return b.audit.Do(ctx, b.db, audit.Event{Action: "create", Kind: kind, Key: name}, func(ctx context.Context, r *audit.Recorder) error {
		if err := b.db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: name}); err != nil {
			return err
		}
		event := r.Intent
		event.After, event.State = map[string]string{"name": name}, []byte(name)
		return r.Record(ctx, event)
	})
}

func TestLog_Do_recordsActorAndChange(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	jane := audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.7")}
	require.NoError(t, b.create(audit.WithActor(context.Background(), jane), "crm"))

	list, err := b.audit.List(context.Background(), audit.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	e := list.Items[0]
	require.Equal(t, int64(1), e.Sequence)
	require.Equal(t, noon.Truncate(time.Microsecond), e.Time)
	require.Equal(t, jane, e.Actor)
	require.Equal(t, []string{"create", kind, "crm"}, []string{e.Action, e.Kind, e.Key})
	require.Equal(t, audit.Succeeded, e.Outcome)
	require.Nil(t, e.Before)
	require.JSONEq(t, `{"name": "crm"}`, string(e.After))
	require.Len(t, e.Hash, 32)
	require.Len(t, e.Fingerprint, 32)
}

func TestLog_Do_checksPreconditionInTransaction(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ended := false
	ctx := audit.WithPrecondition(t.Context(), func(ctx context.Context) error {
		_, err := b.db.AMIAccounts().Account(ctx, "pbx") // joins the transaction
		if ended && err == nil {
			return &store.ForbiddenError{Reason: "your session has ended"}
		}
		return nil
	})
	require.NoError(t, b.create(ctx, "pbx"))
	require.NoError(t, audit.CheckPrecondition(ctx))
	ended = true
	require.ErrorIs(t, b.create(ctx, "crm"), store.ErrForbidden)
	require.ErrorIs(t, audit.CheckPrecondition(ctx), store.ErrForbidden)
	_, err := b.db.AMIAccounts().Account(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	entries := b.entries(t)
	require.Equal(t, audit.Denied, entries[len(entries)-1].Outcome)

	require.NoError(t, b.create(audit.WithPrecondition(ctx, nil), "crm"), "without the precondition")
	var noLog *audit.Log
	err = noLog.Do(ctx, b.db, audit.Event{}, func(context.Context, *audit.Recorder) error { return nil })
	require.ErrorIs(t, err, store.ErrForbidden)
}

func TestEntry_jsonHasHexHashAndNoSignature(t *testing.T) {
	t.Parallel()
	e := audit.Entry{Sequence: 1, Hash: []byte{0xca, 0xfe}, Signature: []byte("signed"), Fingerprint: []byte("print")}
	text, err := json.Marshal(e)
	require.NoError(t, err)
	require.Contains(t, string(text), `"hash":"cafe"`)
	require.Contains(t, string(text), `"before":null`)
	require.NotContains(t, strings.ToLower(string(text)), "signature")
	require.NotContains(t, strings.ToLower(string(text)), "fingerprint")
	var back audit.Entry
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, e.Hash, back.Hash)
	require.Error(t, json.Unmarshal([]byte(`{"hash": "xyz"}`), &back))
}

func TestLog_Do_recordsDenialAfterRollback(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx := context.Background()
	err := b.audit.Do(ctx, b.db, audit.Event{Action: "create", Kind: kind}, func(ctx context.Context, r *audit.Recorder) error {
		r.Intent.Key, r.Intent.After, r.Intent.State = "crm", "the record", []byte("state")
		require.NoError(t, b.db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"}))
		return store.NewInvalidError(
			store.FieldError{Field: "secret", Code: "min", Message: "hunter2 is too short"},
			store.FieldError{Field: "permit[2]", Code: "network", Message: "write an address"},
		)
	})
	require.ErrorIs(t, err, store.ErrInvalid)
	_, err = b.db.AMIAccounts().Account(ctx, "crm")
	require.ErrorIs(t, err, store.ErrNotFound)

	entries := b.entries(t)
	require.Len(t, entries, 1)
	e := entries[0]
	require.Equal(t, audit.Denied, e.Outcome)
	require.Equal(t, "invalid: secret (min), permit[2] (network)", e.Reason)
	require.Equal(t, "crm", e.Key)
	require.Nil(t, e.After)
	require.Nil(t, e.Fingerprint)
}

type stepError struct{ error }

func (*stepError) AuditReason() string { return "reload" }

func (e *stepError) Unwrap() error { return e.error }

func TestLog_RecordFailure_reasonHasCodesOnly(t *testing.T) {
	t.Parallel()
	for reason, err := range map[string]error{
		"already_exists: name": &store.AlreadyExistsError{Kind: kind, Field: "name", Location: "secret place"},
		"not_found":            fmt.Errorf("secret: %w", &store.NotFoundError{Kind: kind}),
		"in_use":               &store.InUseError{Kind: kind, References: []store.Reference{{Kind: "secret", Key: "secret"}}},
		"conflict":             &store.ConflictError{Reason: "secret"},
		"conflict: reload":     &stepError{&store.ConflictError{Reason: "secret"}},
		"forbidden":            &store.ForbiddenError{Reason: "secret"},
		"rate_limited":         &store.RateLimitedError{RetryAfter: time.Minute},
		"busy":                 &store.BusyError{RetryAfterSeconds: 10},
		"failed":               errors.New("secret"),
		"failed: reload":       &stepError{errors.New("secret")},
		"failed: canceled":     fmt.Errorf("secret: %w", context.Canceled),
		"failed: timeout":      fmt.Errorf("secret: %w", context.DeadlineExceeded),
	} {
		b := newEnv(t)
		b.audit.RecordFailure(context.Background(), audit.Event{Action: "update", Kind: kind, Key: "crm", Before: "secret"}, err)
		e := b.entries(t)[0]
		require.Equal(t, reason, e.Reason)
		require.Equal(t, strings.HasPrefix(reason, "failed"), e.Outcome == audit.Failed, reason)
		require.Nil(t, e.Before)
	}
}

func TestLog_RecordFailure_omitsKeyOfMissingRecord(t *testing.T) {
	t.Parallel()
	for missing, key := range map[string]string{kind: "", "picture": "crm"} {
		b := newEnv(t)
		err := fmt.Errorf("reading: %w", &store.NotFoundError{Kind: missing})
		b.audit.RecordFailure(t.Context(), audit.Event{Action: "delete", Kind: kind, Key: "crm"}, err)
		require.Equal(t, key, b.entries(t)[0].Key)
	}
}

func TestLog_Do_recordsFailureOfCanceledRequest(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := b.audit.Do(ctx, b.db, audit.Event{Action: "create", Kind: kind}, func(context.Context, *audit.Recorder) error {
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "failed: canceled", b.entries(t)[0].Reason)
}

// retryDB runs each transaction twice, like a database after a conflict.
type retryDB struct{ *memstore.DB }

func (d retryDB) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	inVain := errors.New("in vain")
	_ = d.DB.RunInTx(ctx, func(ctx context.Context) error {
		_ = fn(ctx)
		return inVain
	})
	return d.DB.RunInTx(ctx, fn)
}

func TestLog_Do_resetsEventOnRetry(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	runs := 0
	err := b.audit.Do(context.Background(), retryDB{b.db}, audit.Event{Action: "create", Kind: kind}, func(ctx context.Context, r *audit.Recorder) error {
		require.Equal(t, audit.Event{Action: "create", Kind: kind}, r.Intent)
		runs++
		if runs == 1 {
			r.Intent.Key, r.Intent.Before, r.Intent.State = "first", "first", []byte("first")
		}
		return r.Record(ctx, r.Intent)
	})
	require.NoError(t, err)
	require.Equal(t, 2, runs)
	entries := b.entries(t)
	require.Len(t, entries, 1)
	require.Empty(t, entries[0].Key)
	require.Nil(t, entries[0].Before)
	require.Nil(t, entries[0].Fingerprint)
}

func TestLog_Do_rollsBackWithOuterTransaction(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	failure := errors.New("the caller changed its mind")
	err := b.db.RunInTx(context.Background(), func(ctx context.Context) error {
		require.NoError(t, b.create(ctx, "crm"))
		return failure
	})
	require.ErrorIs(t, err, failure)
	require.Empty(t, b.entries(t))
}

func TestLog_Do_denialKeepsOuterTransaction(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	require.NoError(t, b.db.RunInTx(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.create(ctx, "crm"))
		require.ErrorIs(t, b.create(ctx, "CRM"), store.ErrAlreadyExists)
		return b.create(ctx, "dialer")
	}))
	outcomes := []audit.Outcome{}
	for _, e := range b.entries(t) {
		outcomes = append(outcomes, e.Outcome)
	}
	require.Equal(t, []audit.Outcome{audit.Succeeded, audit.Denied, audit.Succeeded}, outcomes)
	require.Empty(t, b.logBuf.String())
	records := recordTable{"crm": "crm", "dialer": "dialer"}
	require.Empty(t, verify(t, b.audit, records.source()).Findings)

	require.ErrorIs(t, b.create(t.Context(), "CRM"), store.ErrAlreadyExists)
	require.Equal(t, "already_exists: name", b.entries(t)[3].Reason)
}

func TestLog_Do_commitsChangeAndEntryTogether(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.audit = b.newLog(failingStore{b.db.Audit()})
	require.ErrorContains(t, b.create(t.Context(), "crm"), "the disk is full")
	_, err := b.db.AMIAccounts().Account(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)

	b = newEnv(t)
	ctx, cancel := context.WithCancel(t.Context())
	err = b.audit.Do(ctx, retryDB{b.db}, audit.Event{Kind: kind}, func(_ context.Context, r *audit.Recorder) error {
		require.Empty(t, r.Intent.Key)
		r.Intent.Key = "crm"
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "failed: canceled", b.entries(t)[0].Reason)
}

func TestLog_RecordFailure_sanitizesInput(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"jane\r\nfake: entry\x1b[2J":   "jane\ufffd\ufffdfake: entry\ufffd[2J",
		"\xff\xfe":                     "\ufffd",
		"管理员":                          "管理员",
		strings.Repeat("a", 10_000):    strings.Repeat("a", 256),
		strings.Repeat("管", 100):       strings.Repeat("管", 85),
		strings.Repeat("\x00", 10_000): strings.Repeat("\ufffd", 85),
	} {
		b := newEnv(t)
		ctx := audit.WithActor(context.Background(), audit.Actor{Kind: audit.Anonymous, Name: given, Service: given})
		b.audit.RecordFailure(ctx, audit.Event{Action: "login", Kind: "administrator", Key: given}, &store.ForbiddenError{})
		e := b.entries(t)[0]
		require.Equal(t, []string{want, want, want}, []string{e.Key, e.Actor.Name, e.Actor.Service})
	}
}

func TestLog_Record_rejectsUnmarshalableRecord(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	for _, event := range []audit.Event{{Before: func() {}}, {After: func() {}}} {
		require.Error(t, b.audit.Record(context.Background(), event))
	}
	var none *manager.Account
	require.NoError(t, b.audit.Record(context.Background(), audit.Event{Before: none}))
	require.Nil(t, b.entries(t)[0].Before)
}

func TestLog_nilRecordsNothing(t *testing.T) {
	t.Parallel()
	var nilLog *audit.Log
	ctx, db := context.Background(), memstore.New()
	require.NoError(t, nilLog.Record(ctx, audit.Event{}))
	nilLog.RecordFailure(ctx, audit.Event{}, errors.New("failed"))
	list, err := nilLog.List(ctx, audit.Query{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
	found, err := nilLog.Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, found.Findings)
	failure := errors.New("failed")
	err = nilLog.Do(ctx, db, audit.Event{}, func(ctx context.Context, r *audit.Recorder) error {
		require.NoError(t, r.Record(ctx, r.Intent))
		require.NoError(t, db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"}))
		return failure
	})
	require.ErrorIs(t, err, failure)
	_, err = db.AMIAccounts().Account(ctx, "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// failingStore is a store that rejects writes.
type failingStore struct{ audit.Store }

func (failingStore) AppendEntry(context.Context, *audit.Entry, audit.Head) error {
	return errors.New("the disk is full")
}

func TestLog_Do_rollsBackWhenEntryCannotBeWritten(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.audit = b.newLog(failingStore{b.db.Audit()})
	require.ErrorContains(t, b.create(context.Background(), "crm"), "the disk is full")
	_, err := b.db.AMIAccounts().Account(context.Background(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Contains(t, b.logBuf.String(), "the audit log cannot be written")
}

func TestLog_Do_chainsConcurrentEntriesWithoutGap(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	const actors, acts = 20, 5
	var wait sync.WaitGroup
	for actor := range actors {
		wait.Go(func() {
			for act := range acts {
				name := fmt.Sprintf("crm-%d-%d", actor, act)
				if act == 0 {
					name = "crm-taken" // all but one are rejected
				}
				_ = b.create(context.Background(), name)
			}
		})
	}
	wait.Wait()
	entries := b.entries(t)
	require.Len(t, entries, actors*acts)
	for i, e := range entries {
		require.Equal(t, int64(i+1), e.Sequence)
	}
	found, err := b.audit.Verify(context.Background())
	require.NoError(t, err)
	require.Empty(t, found.Findings)
	require.Equal(t, int64(actors*acts), found.Entries)
	refused, err := b.audit.List(context.Background(), audit.Query{Outcome: audit.Denied})
	require.NoError(t, err)
	require.Len(t, refused.Items, actors-1)
}

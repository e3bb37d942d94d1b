package audit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
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

// bundle is a trail in memory, and what it tells its logger.
type bundle struct {
	db      *memstore.DB
	keyring *store.Keyring
	trail   *audit.Trail
	log     *bytes.Buffer
}

func setup(t testing.TB) *bundle {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	b := &bundle{db: memstore.New(), keyring: keyring, log: &bytes.Buffer{}}
	b.trail = b.over(b.db.Audit())
	return b
}

// over returns a trail of the same keys in another store.
func (b *bundle) over(st audit.Store) *audit.Trail {
	return audit.New(st, b.keyring, &audit.Options{
		Clock: func() time.Time { return noon }, Logger: slog.New(slog.NewTextHandler(b.log, nil)),
	})
}

// entries returns the trail, oldest first.
func (b *bundle) entries(t require.TestingT) []*audit.Entry {
	var entries []*audit.Entry
	require.NoError(t, b.db.Audit().EachEntry(context.Background(), func(e *audit.Entry) error {
		entries = append(entries, e)
		return nil
	}))
	return entries
}

// create is what a service does: it changes a record, and says so.
func (b *bundle) create(ctx context.Context, name string) error {
	return b.trail.Act(ctx, b.db, audit.Event{Action: "create", Kind: kind, Key: name}, func(ctx context.Context, event *audit.Event) error {
		event.After, event.Sealed = map[string]string{"name": name}, []byte(name)
		return b.db.Managers().CreateUser(ctx, &manager.User{Name: name})
	})
}

func TestAnActIsKeptWithWhoDidItAndWhatItChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	jane := audit.Actor{Kind: audit.Administrator, Name: "jane", Source: "192.0.2.7"}
	require.NoError(t, b.create(audit.WithActor(context.Background(), jane), "crm"))

	list, err := b.trail.List(context.Background(), audit.Query{})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	e := list.Items[0]
	require.Equal(t, int64(1), e.Sequence)
	require.Equal(t, noon.Truncate(time.Microsecond), e.At)
	require.Equal(t, jane, e.Actor)
	require.Equal(t, []string{"create", kind, "crm"}, []string{e.Action, e.Kind, e.Key})
	require.Equal(t, audit.Done, e.Outcome)
	require.Nil(t, e.Before)
	require.JSONEq(t, `{"name": "crm"}`, string(e.After))
	require.Len(t, e.Hash, 32)
	require.Len(t, e.Fingerprint, 32)
}

func TestTheJSONOfAnEntryShowsItsHashInHexAndNoSignature(t *testing.T) {
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

func TestARefusalIsKeptAfterWhatItBeganWasUndone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := context.Background()
	err := b.trail.Act(ctx, b.db, audit.Event{Action: "create", Kind: kind}, func(ctx context.Context, event *audit.Event) error {
		event.Key, event.After, event.Sealed = "crm", "the record", []byte("sealed")
		require.NoError(t, b.db.Managers().CreateUser(ctx, &manager.User{Name: "crm"}))
		return store.Invalid(
			store.FieldError{Field: "secret", Code: "min", Message: "hunter2 is too short"},
			store.FieldError{Field: "permit[2]", Code: "network", Message: "write an address"},
		)
	})
	require.ErrorIs(t, err, store.ErrInvalid)
	_, err = b.db.Managers().User(ctx, "crm")
	require.ErrorIs(t, err, store.ErrNotFound)

	entries := b.entries(t)
	require.Len(t, entries, 1)
	e := entries[0]
	require.Equal(t, audit.Refused, e.Outcome)
	require.Equal(t, "invalid: secret (min), permit[2] (network)", e.Reason)
	require.Equal(t, "crm", e.Key)
	require.Nil(t, e.After)
	require.Nil(t, e.Fingerprint)
}

type stepError struct{ error }

func (*stepError) AuditReason() string { return "reload" }

func (e *stepError) Unwrap() error { return e.error }

func TestTheReasonHoldsCodesAndNoText(t *testing.T) {
	t.Parallel()
	for reason, err := range map[string]error{
		"exists: name":     &store.ExistsError{Kind: kind, Field: "name", Where: "secret place"},
		"not_found":        fmt.Errorf("secret: %w", &store.NotFoundError{Kind: kind}),
		"in_use":           &store.InUseError{Kind: kind, References: []store.Reference{{Kind: "secret", Key: "secret"}}},
		"conflict":         &store.ConflictError{Reason: "secret"},
		"conflict: reload": &stepError{&store.ConflictError{Reason: "secret"}},
		"forbidden":        &store.ForbiddenError{Reason: "secret"},
		"throttled":        &store.ThrottledError{RetryAfter: time.Minute},
		"failed":           errors.New("secret"),
		"failed: reload":   &stepError{errors.New("secret")},
		"failed: canceled": fmt.Errorf("secret: %w", context.Canceled),
		"failed: timeout":  fmt.Errorf("secret: %w", context.DeadlineExceeded),
	} {
		b := setup(t)
		b.trail.RecordFailure(context.Background(), audit.Event{Action: "update", Kind: kind, Key: "crm", Before: "secret"}, err)
		e := b.entries(t)[0]
		require.Equal(t, reason, e.Reason)
		require.Equal(t, strings.HasPrefix(reason, "failed"), e.Outcome == audit.Failed, reason)
		require.Nil(t, e.Before)
	}
}

func TestARefusalIsKeptAlthoughTheRequestWasCanceled(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(context.Background())
	err := b.trail.Act(ctx, b.db, audit.Event{Action: "create", Kind: kind}, func(context.Context, *audit.Event) error {
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "failed: canceled", b.entries(t)[0].Reason)
}

// twice runs everything once in vain, as a database does that found a
// conflict.
type twice struct{ *memstore.DB }

func (d twice) Atomically(ctx context.Context, fn func(ctx context.Context) error) error {
	inVain := errors.New("in vain")
	_ = d.DB.Atomically(ctx, func(ctx context.Context) error {
		_ = fn(ctx)
		return inVain
	})
	return d.DB.Atomically(ctx, fn)
}

func TestAnActThatIsRunAgainBeginsWithTheEventThatWasGiven(t *testing.T) {
	t.Parallel()
	b := setup(t)
	runs := 0
	err := b.trail.Act(context.Background(), twice{b.db}, audit.Event{Action: "create", Kind: kind}, func(_ context.Context, event *audit.Event) error {
		require.Equal(t, audit.Event{Action: "create", Kind: kind}, *event)
		runs++
		if runs == 1 {
			event.Key, event.Before, event.Sealed = "first", "first", []byte("first")
		}
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, runs)
	entries := b.entries(t)
	require.Len(t, entries, 1)
	require.Empty(t, entries[0].Key)
	require.Nil(t, entries[0].Before)
	require.Nil(t, entries[0].Fingerprint)
}

func TestAnActInsideOfATransactionIsUndoneWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	failure := errors.New("the caller changed its mind")
	err := b.db.Atomically(context.Background(), func(ctx context.Context) error {
		require.NoError(t, b.create(ctx, "crm"))
		return failure
	})
	require.ErrorIs(t, err, failure)
	require.Empty(t, b.entries(t))
}

// createOnce is create, by an act that writes with its last call.
func (b *bundle) createOnce(ctx context.Context, name string) error {
	return b.trail.ActOnce(ctx, b.db, audit.Event{Action: "create", Kind: kind, Key: name}, func(ctx context.Context, event *audit.Event) error {
		event.After, event.Sealed = map[string]string{"name": name}, []byte(name)
		return b.db.Managers().CreateUser(ctx, &manager.User{Name: name})
	})
}

func TestTheRefusalOfAnActThatWritesOnceLeavesTheTransactionOfTheCaller(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.NoError(t, b.db.Atomically(t.Context(), func(ctx context.Context) error {
		require.NoError(t, b.createOnce(ctx, "crm"))
		require.ErrorIs(t, b.createOnce(ctx, "CRM"), store.ErrExists)
		return b.createOnce(ctx, "dialer")
	}))
	outcomes := []audit.Outcome{}
	for _, e := range b.entries(t) {
		outcomes = append(outcomes, e.Outcome)
	}
	require.Equal(t, []audit.Outcome{audit.Done, audit.Refused, audit.Done}, outcomes)
	require.Empty(t, b.log.String())
	records := table{"crm": "crm", "dialer": "dialer"}
	require.Empty(t, verify(t, b.trail, records.records()).Problems)

	require.ErrorIs(t, b.createOnce(t.Context(), "CRM"), store.ErrExists)
	require.Equal(t, "exists: name", b.entries(t)[3].Reason)
}

func TestAnActThatWritesOnceIsKeptTogetherWithItsEntryOrNotAtAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.trail = b.over(broken{b.db.Audit()})
	require.ErrorContains(t, b.createOnce(t.Context(), "crm"), "the disk is full")
	_, err := b.db.Managers().User(t.Context(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)

	b = setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	err = b.trail.ActOnce(ctx, twice{b.db}, audit.Event{Kind: kind}, func(_ context.Context, event *audit.Event) error {
		require.Empty(t, event.Key)
		event.Key = "crm"
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "failed: canceled", b.entries(t)[0].Reason)
}

func TestWhatAStrangerSubmitsAsAKeyIsBoundedAndReadable(t *testing.T) {
	t.Parallel()
	for given, kept := range map[string]string{
		"jane\r\nfake: entry\x1b[2J":   "jane\ufffd\ufffdfake: entry\ufffd[2J",
		"\xff\xfe":                     "\ufffd",
		"管理员":                          "管理员",
		strings.Repeat("a", 10_000):    strings.Repeat("a", 256),
		strings.Repeat("管", 100):       strings.Repeat("管", 85),
		strings.Repeat("\x00", 10_000): strings.Repeat("\ufffd", 85),
	} {
		b := setup(t)
		ctx := audit.WithActor(context.Background(), audit.Actor{Kind: audit.Visitor, Name: given, Source: given})
		b.trail.RecordFailure(ctx, audit.Event{Action: "login", Kind: "administrator", Key: given}, &store.ForbiddenError{})
		e := b.entries(t)[0]
		require.Equal(t, []string{kept, kept, kept}, []string{e.Key, e.Actor.Name, e.Actor.Source})
	}
}

func TestARecordThatHasNoJSONUndoesTheAct(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, event := range []audit.Event{{Before: func() {}}, {After: func() {}}} {
		require.Error(t, b.trail.Record(context.Background(), event))
	}
	var none *manager.User
	require.NoError(t, b.trail.Record(context.Background(), audit.Event{Before: none}))
	require.Nil(t, b.entries(t)[0].Before)
}

func TestANilTrailKeepsNothing(t *testing.T) {
	t.Parallel()
	var none *audit.Trail
	ctx, db := context.Background(), memstore.New()
	require.NoError(t, none.Record(ctx, audit.Event{}))
	none.RecordFailure(ctx, audit.Event{}, errors.New("failed"))
	list, err := none.List(ctx, audit.Query{})
	require.NoError(t, err)
	require.Empty(t, list.Items)
	found, err := none.Verify(ctx)
	require.NoError(t, err)
	require.Empty(t, found.Problems)
	failure := errors.New("failed")
	err = none.Act(ctx, db, audit.Event{}, func(ctx context.Context, _ *audit.Event) error {
		require.NoError(t, db.Managers().CreateUser(ctx, &manager.User{Name: "crm"}))
		return failure
	})
	require.ErrorIs(t, err, failure)
	_, err = db.Managers().User(ctx, "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// broken is a store that cannot be written.
type broken struct{ audit.Store }

func (broken) AppendEntry(context.Context, *audit.Entry, audit.Head) error {
	return errors.New("the disk is full")
}

func TestAnActThatCannotBeKeptIsNotDone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.trail = b.over(broken{b.db.Audit()})
	require.ErrorContains(t, b.create(context.Background(), "crm"), "the disk is full")
	_, err := b.db.Managers().User(context.Background(), "crm")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.Contains(t, b.log.String(), "the audit trail cannot be written")
}

func TestActsAtTheSameTimeAreChainedWithoutAGap(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const actors, acts = 20, 5
	var wait sync.WaitGroup
	for actor := range actors {
		wait.Go(func() {
			for act := range acts {
				name := fmt.Sprintf("crm-%d-%d", actor, act)
				if act == 0 {
					name = "crm-taken" // all but one are refused
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
	found, err := b.trail.Verify(context.Background())
	require.NoError(t, err)
	require.Empty(t, found.Problems)
	require.Equal(t, int64(actors*acts), found.Entries)
	refused, err := b.trail.List(context.Background(), audit.Query{Outcome: audit.Refused})
	require.NoError(t, err)
	require.Len(t, refused.Items, actors-1)
}

package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func auditLogRules() []rule {
	return []rule{
		{"empty_audit_log", emptyAuditLog},
		{"entry_stored", entryStored},
		{"hostile_entry_stored", hostileEntryStored},
		{"sequence_unique", sequenceUnique},
		{"concurrent_sequence", concurrentSequence},
		{"entry_not_shared", entryNotShared},
	}
}

// entry returns an entry with that sequence.
func entry(sequence int64) *audit.Entry {
	return &audit.Entry{
		Sequence: sequence, Time: time.Unix(1_700_000_000+sequence, 0).UTC(),
		Actor:  audit.Actor{Kind: audit.Administrator, Name: "jane", RemoteAddr: netip.MustParseAddr("192.0.2.1")},
		Action: "create", Kind: "AMI account", Key: "crm", Outcome: audit.Succeeded,
		Hash: fmt.Appendf(nil, "hash %d", sequence), Signature: fmt.Appendf(nil, "signature %d", sequence),
	}
}

// headOf returns the head for an entry.
func headOf(e *audit.Entry) audit.Head {
	return audit.Head{Sequence: e.Sequence, Hash: e.Hash, Signature: fmt.Appendf(nil, "head %d", e.Sequence)}
}

// appendEntries appends entries with these sequences.
func appendEntries(t *testing.T, b Backend, sequences ...int64) {
	t.Helper()
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		for _, sequence := range sequences {
			if err := b.Audit().AppendEntry(ctx, entry(sequence), headOf(entry(sequence))); err != nil {
				return err
			}
		}
		return nil
	}))
}

// sequencesUpTo returns the numbers from 1 to n.
func sequencesUpTo(n int64) []int64 {
	numbers := make([]int64, n)
	for i := range numbers {
		numbers[i] = int64(i) + 1
	}
	return numbers
}

// allSequences returns the sequences of all entries in the order of EachEntry.
func allSequences(t *testing.T, b Backend) []int64 {
	t.Helper()
	sequences := []int64{}
	require.NoError(t, b.Audit().EachEntry(t.Context(), func(e *audit.Entry) error {
		sequences = append(sequences, e.Sequence)
		return nil
	}))
	return sequences
}

func requireHead(t *testing.T, b Backend, want audit.Head) {
	t.Helper()
	head, err := b.Audit().Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, head)
}

// requireIntegrity requires that the backend finds nothing in what only its stores
// wrote, except pictures: the version of a picture comes from the service.
func requireIntegrity(t *testing.T, b Backend) {
	t.Helper()
	findings := []audit.Finding{}
	require.NoError(t, b.Audit().CheckIntegrity(t.Context(), nil, func(f audit.Finding) {
		if !strings.Contains(f.Message, "picture") {
			findings = append(findings, f)
		}
	}))
	require.Empty(t, findings)
}

func emptyAuditLog(t *testing.T, b Backend) {
	requireHead(t, b, audit.Head{})
	list, err := b.Audit().ListEntries(t.Context(), audit.Query{})
	require.NoError(t, err)
	require.NotNil(t, list.Items, "JSON shows an empty list, not null")
	require.Empty(t, list.Items)
	require.Empty(t, list.Next)
	require.Empty(t, allSequences(t, b))
}

// requireEntryEverywhere reads want, the only entry, with every method.
func requireEntryEverywhere(t *testing.T, rt require.TestingT, b Backend, want *audit.Entry) {
	list, err := b.Audit().ListEntries(t.Context(), audit.Query{})
	require.NoError(rt, err)
	require.Len(rt, list.Items, 1)
	require.Equal(rt, want.Clone(), list.Items[0].Clone()) // empty and missing bytes are the same
	visited := 0
	require.NoError(rt, b.Audit().EachEntry(t.Context(), func(e *audit.Entry) error {
		visited++
		require.Equal(rt, want.Clone(), e.Clone())
		return nil
	}))
	require.Equal(rt, 1, visited)
}

func entryStored(t *testing.T, b Backend) {
	want := hostileEntry(1)
	requireFilled(t, reflect.ValueOf(*want))
	require.NoError(t, b.Audit().AppendEntry(t.Context(), want, headOf(want)))
	requireEntryEverywhere(t, t, b, want)
	requireHead(t, b, headOf(want))

	next := entry(2)
	require.NoError(t, b.Audit().AppendEntry(t.Context(), next, headOf(next)))
	requireHead(t, b, headOf(next))
}

// hostileEntry has a value in every field.
func hostileEntry(sequence int64) *audit.Entry {
	e := entry(sequence)
	e.Time = time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)
	e.Actor = audit.Actor{Kind: "odd '", Name: "王小明 <b>", RemoteAddr: netip.MustParseAddr("2001:db8::1%\n"), Service: "x'"}
	e.Action, e.Kind, e.Key, e.Outcome, e.Reason = `a"`, "k;--", "\\", audit.Denied, "invalid: secret (min)"
	e.Extensions = []string{"101", "2'01"}
	e.Before, e.After = json.RawMessage(`{"a" :  1.50}`), json.RawMessage("{\"b\":\n\"\\u00e9\xff\"}") // byte for byte
	e.Fingerprint, e.Hash, e.Signature = []byte("\x00\xff'"), audit.Hash("\xfe\x00"), []byte("\x00")
	return e
}

// hostileEntryStored checks the newest entry, because entries cannot be removed.
func hostileEntryStored(t *testing.T, b Backend) {
	last := int64(0)
	rapid.Check(t, func(rt *rapid.T) {
		last++
		want := drawEntry(rt, last)
		head := audit.Head{Sequence: last, Hash: want.Hash, Signature: want.Signature}
		require.NoError(rt, b.Audit().AppendEntry(t.Context(), want, head))
		list, err := b.Audit().ListEntries(t.Context(), audit.Query{PageRequest: store.PageRequest{Limit: 1}})
		require.NoError(rt, err)
		require.Equal(rt, want.Clone(), list.Items[0].Clone())
		requireHead(t, b, head)
	})
}

func drawEntry(t *rapid.T, sequence int64) *audit.Entry {
	text := rapid.OneOf(rapid.SampledFrom(hostileTexts()), rapid.Map(rapid.String(), withoutNUL))
	bytes := rapid.SliceOfN(rapid.Byte(), 1, 40)
	object := rapid.Map(text, func(s string) json.RawMessage {
		encoded, err := json.Marshal(map[string]string{"text": s})
		require.NoError(t, err)
		return encoded
	})
	return &audit.Entry{
		Sequence:    sequence,
		Time:        drawTime(t),
		Actor:       audit.Actor{Kind: audit.ActorKind(text.Draw(t, "actor_kind")), Name: text.Draw(t, "actor"), RemoteAddr: drawAddr(t), Service: text.Draw(t, "service")},
		Action:      text.Draw(t, "action"),
		Kind:        text.Draw(t, "kind"),
		Key:         text.Draw(t, "key"),
		Extensions:  rapid.OneOf(rapid.SliceOfN(rapid.StringMatching(`[0-9*#']{1,6}`), 1, 3), rapid.Just([]string(nil))).Draw(t, "extensions"),
		Outcome:     audit.Outcome(text.Draw(t, "outcome")),
		Reason:      text.Draw(t, "reason"),
		Before:      rapid.OneOf(object, rapid.Just(json.RawMessage(nil))).Draw(t, "before"),
		After:       rapid.OneOf(object, rapid.Just(json.RawMessage(nil))).Draw(t, "after"),
		Fingerprint: rapid.OneOf(bytes, rapid.Just([]byte(nil))).Draw(t, "fingerprint"),
		Hash:        bytes.Draw(t, "hash"),
		Signature:   bytes.Draw(t, "signature"),
	}
}

// drawAddr draws an address of either family, with or without a zone, or the zero
// address.
func drawAddr(t *rapid.T) netip.Addr {
	bytes := rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "remote_addr")
	switch {
	case len(bytes) < 4:
		return netip.Addr{}
	case len(bytes) < 16:
		return netip.AddrFrom4([4]byte(bytes))
	}
	return netip.AddrFrom16([16]byte(bytes)).WithZone(rapid.SampledFrom([]string{"", "eth0", "'\n"}).Draw(t, "zone"))
}

func requireSequenceExists(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, store.ErrAlreadyExists)
	var exists *store.AlreadyExistsError
	require.ErrorAs(t, err, &exists)
	require.Equal(t, &store.AlreadyExistsError{Kind: "audit entry", Field: "sequence"}, exists)
}

func sequenceUnique(t *testing.T, b Backend) {
	appendEntries(t, b, 1, 2)
	other := hostileEntry(2)
	requireSequenceExists(t, b.Audit().AppendEntry(t.Context(), other, headOf(other)))
	require.NoError(t, b.RunInTx(t.Context(), func(ctx context.Context) error {
		first := hostileEntry(1)
		requireSequenceExists(t, b.Audit().AppendEntry(ctx, first, headOf(first)))
		return b.Audit().AppendEntry(ctx, entry(3), headOf(entry(3)))
	}))
	require.Equal(t, sequencesUpTo(3), allSequences(t, b))
	requireHead(t, b, headOf(entry(3)))
	list, err := b.Audit().ListEntries(t.Context(), audit.Query{})
	require.NoError(t, err)
	for i, e := range list.Items {
		require.Equal(t, entry(int64(3-i)), e.Clone(), "newest first, and nothing was replaced")
	}
}

func concurrentSequence(t *testing.T, b Backend) {
	errs := make([]error, 100)
	runConcurrently(len(errs), func(i int) {
		e := entry(1)
		e.Reason = nthName(i)
		errs[i] = b.Audit().AppendEntry(t.Context(), e, headOf(e))
	})
	appended := 0
	for _, err := range errs {
		if err == nil {
			appended++
			continue
		}
		requireSequenceExists(t, err)
	}
	require.Equal(t, 1, appended)
	require.Equal(t, sequencesUpTo(1), allSequences(t, b))
}

func entryNotShared(t *testing.T, b Backend) {
	want := hostileEntry(1)
	given, head := want.Clone(), audit.Head{Sequence: 1, Hash: audit.Hash{7}, Signature: []byte{8}}
	require.NoError(t, b.Audit().AppendEntry(t.Context(), given, head))
	mutateEntry(given)
	head.Hash[0], head.Signature[0] = 0, 0
	requireEntryEverywhere(t, t, b, want)

	read, err := b.Audit().Head(t.Context())
	require.NoError(t, err)
	read.Hash[0], read.Signature[0] = 0, 0
	requireHead(t, b, audit.Head{Sequence: 1, Hash: audit.Hash{7}, Signature: []byte{8}})

	list, err := b.Audit().ListEntries(t.Context(), audit.Query{})
	require.NoError(t, err)
	mutateEntry(list.Items[0])
	errStop := errors.New("enough")
	require.ErrorIs(t, b.Audit().EachEntry(t.Context(), func(e *audit.Entry) error {
		mutateEntry(e)
		return errStop
	}), errStop)
	requireEntryEverywhere(t, t, b, want)
}

// mutateEntry changes everything that e could share with a copy.
func mutateEntry(e *audit.Entry) {
	e.Reason = "mutated"
	for _, field := range [][]byte{e.Before, e.After, e.Fingerprint, e.Hash, e.Signature} {
		field[0]++
	}
}

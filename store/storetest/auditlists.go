package storetest

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func auditListRules() []rule {
	return []rule{
		{"entries_in_order", entriesInOrder},
		{"entries_appended_between_pages", entriesAppendedBetweenPages},
		{"entries_after", entriesAfter},
		{"filters_agree", filtersAgree},
		{"filtered_entries_paged", filteredEntriesPaged},
	}
}

func sequencesOf(entries []*audit.Entry) []int64 {
	sequences := make([]int64, len(entries))
	for i, e := range entries {
		sequences[i] = e.Sequence
	}
	return sequences
}

func reversed(numbers []int64) []int64 {
	reversedCopy := slices.Clone(numbers)
	slices.Reverse(reversedCopy)
	return reversedCopy
}

// readEntryPages reads all pages and calls between after each.
func readEntryPages(t *testing.T, b Backend, q audit.Query, between func()) []int64 {
	t.Helper()
	read := []int64{}
	for {
		list, err := b.Audit().ListEntries(t.Context(), q)
		require.NoError(t, err)
		read = append(read, sequencesOf(list.Items)...)
		if list.Next == "" {
			return read
		}
		require.Len(t, list.Items, q.EffectiveLimit(), "only the last page is short")
		require.Equal(t, strconv.FormatInt(read[len(read)-1], 10), list.Next)
		between()
		q.After = list.Next
	}
}

func entriesInOrder(t *testing.T, b Backend) {
	appendEntries(t, b, sequencesUpTo(120)...) // in numeric order
	require.Equal(t, sequencesUpTo(120), allSequences(t, b))
	for _, limit := range []int{7, 60, store.MaxPageLimit} {
		require.Equal(t, reversed(sequencesUpTo(120)), readEntryPages(t, b, audit.Query{PageRequest: store.PageRequest{Limit: limit}}, func() {}))
	}
}

func entriesAppendedBetweenPages(t *testing.T, b Backend) {
	appendEntries(t, b, sequencesUpTo(20)...)
	last := int64(20)
	read := readEntryPages(t, b, audit.Query{PageRequest: store.PageRequest{Limit: 6}}, func() {
		last++
		appendEntries(t, b, last)
	})
	require.Equal(t, reversed(sequencesUpTo(20)), read)
	require.Equal(t, sequencesUpTo(last), allSequences(t, b))
	require.Greater(t, last, int64(20))
}

func entriesAfter(t *testing.T, b Backend) {
	appendEntries(t, b, sequencesUpTo(3)...)
	for after, want := range map[string][]int64{
		"": {3, 2, 1}, "1": {}, "2": {1}, "3": {2, 1}, "4": {3, 2, 1}, "0": {}, "-1": {}, "9223372036854775807": {3, 2, 1},
	} {
		list, err := b.Audit().ListEntries(t.Context(), audit.Query{PageRequest: store.PageRequest{After: after}})
		require.NoError(t, err, "after %q", after)
		require.Equal(t, want, sequencesOf(list.Items), "after %q", after)
	}
	for _, after := range []string{"x", "1x", "0x1", " 1", "1 ", "1.0", "1e3", "1_0", "9223372036854775808", "'", "1; --"} {
		_, err := b.Audit().ListEntries(t.Context(), audit.Query{PageRequest: store.PageRequest{After: after}})
		requireInvalid(t, err, "after")
	}
}

func filtersAgree(t *testing.T, b Backend) {
	entries := []*audit.Entry{}
	word := rapid.SampledFrom([]string{"jane", "JANE", "bob", "%", "'", ""})
	rapid.Check(t, func(rt *rapid.T) {
		e := entry(int64(len(entries)) + 1)
		e.Actor.Name, e.Action, e.Kind, e.Key = word.Draw(rt, "actor"), word.Draw(rt, "action"), word.Draw(rt, "kind"), word.Draw(rt, "key")
		e.Outcome, e.Time = audit.Outcome(word.Draw(rt, "outcome")), time.UnixMicro(rapid.Int64Range(0, 9).Draw(rt, "at")).UTC()
		require.NoError(rt, b.Audit().AppendEntry(t.Context(), e, headOf(e)))
		entries = append(entries, e)
		q := drawEntryQuery(rt, word)
		want := []int64{}
		for _, e := range slices.Backward(entries) {
			if q.Match(e) {
				want = append(want, e.Sequence)
			}
		}
		list, err := b.Audit().ListEntries(t.Context(), q)
		require.NoError(rt, err)
		require.Equal(rt, want, sequencesOf(list.Items))
	})
}

// drawEntryQuery draws a query with one or two filters. Times may be between two
// microseconds.
func drawEntryQuery(t *rapid.T, word *rapid.Generator[string]) audit.Query {
	q := audit.Query{PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
	outcome := ""
	for _, field := range []*string{&q.Actor, &q.Action, &q.Kind, &q.Key, &outcome} {
		if rapid.IntRange(0, 3).Draw(t, "filter") == 0 {
			*field = word.Draw(t, "wanted")
		}
	}
	q.Outcome = audit.Outcome(outcome)
	for _, bound := range []*time.Time{&q.Since, &q.Until} {
		if rapid.Bool().Draw(t, "bounded") {
			*bound = time.Unix(0, rapid.Int64Range(0, 10_000).Draw(t, "bound"))
		}
	}
	return q
}

func filteredEntriesPaged(t *testing.T, b Backend) {
	want := []int64{}
	for _, sequence := range sequencesUpTo(30) {
		e := entry(sequence)
		if sequence%3 == 0 {
			e.Outcome = audit.Denied
			want = append(want, sequence)
		}
		require.NoError(t, b.Audit().AppendEntry(t.Context(), e, headOf(e)))
	}
	for _, limit := range []int{1, 4, 10, 11} {
		q := audit.Query{Outcome: audit.Denied, PageRequest: store.PageRequest{Limit: limit}}
		require.Equal(t, reversed(want), readEntryPages(t, b, q, func() {}), "limit %d", limit)
	}
}

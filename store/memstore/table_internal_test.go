package memstore

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store/audit"
)

// content returns the rows of a table as text.
func content(rows []row[int]) string { return fmt.Sprint(rows) }

// TestTable_snapshotsAreImmutable writes, commits and rolls back at random, and
// compares all snapshots again.
func TestTable_snapshotsAreImmutable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type reading struct {
			rows []row[int]
			text string
		}
		readings := []reading{}
		read := func(of *table[int]) {
			rows := of.snapshot()
			readings = append(readings, reading{rows, content(rows)})
		}
		committed := (&table[int]{}).share()
		for range rapid.IntRange(1, 8).Draw(t, "transactions") {
			draft := committed.share()
			for range rapid.IntRange(0, 6).Draw(t, "steps") {
				key := string(rune('a' + len(draft.rows))) // often the next one
				if rapid.Bool().Draw(t, "any key") {
					key = rapid.StringMatching(`[a-h]`).Draw(t, "key")
				}
				switch rapid.IntRange(0, 5).Draw(t, "step") {
				case 0:
					draft.remove(key)
				case 1:
					read(&draft)
				case 2:
					draft.removeAll(func(value int) bool { return value%3 == 0 })
				default:
					draft.put(key, rapid.Int().Draw(t, "value"))
				}
			}
			read(&committed)
			if rapid.Bool().Draw(t, "commit") {
				committed = draft.share()
			}
		}
		for _, r := range readings {
			require.Equal(t, r.text, content(r.rows))
		}
	})
}

// TestTable_rolledBackAppendIsNotOverwritten reads rows in a transaction that is
// rolled back, with spare capacity after the committed rows.
func TestTable_rolledBackAppendIsNotOverwritten(t *testing.T) {
	t.Parallel()
	committed := (&table[int]{rows: append(make([]row[int], 0, 8), row[int]{"a", 1})}).share()
	undone, next := committed.share(), committed.share()
	undone.put("b", 2)
	read := undone.snapshot()
	undone.put("c", 3)
	next.put("b", 20)
	next.put("c", 30)
	require.Equal(t, "[{a 1} {b 2}]", content(read))
	require.Equal(t, "[{a 1} {b 2} {c 3}]", content(undone.rows))
	require.Equal(t, "[{a 1} {b 20} {c 30}]", content(next.rows))
	require.Equal(t, "[{a 1}]", content(committed.rows))
}

func TestAuditStore_AppendEntry_doesNotCopyRows(t *testing.T) {
	t.Parallel()
	db := New()
	add := func(sequence int64, result error) {
		err := db.RunInTx(t.Context(), func(ctx context.Context) error {
			require.NoError(t, db.Audit().AppendEntry(ctx, &audit.Entry{Sequence: sequence}, audit.Head{Sequence: sequence}))
			return result
		})
		require.ErrorIs(t, err, result)
	}
	copied := 0
	for sequence := range int64(10_000) {
		before := db.committed.Load().entries.rows
		add(sequence, nil)
		after := db.committed.Load().entries.rows
		if len(before) > 0 && &before[0] != &after[0] {
			copied++
		}
		require.Len(t, after, int(sequence)+1)
	}
	require.Less(t, copied, 100, "the rows move only when there is no room behind them")
	add(10_000, errors.New("undone"))
	add(10_000, nil)
	require.Len(t, db.committed.Load().entries.rows, 10_001)
}

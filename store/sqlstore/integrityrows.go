package sqlstore

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// storedRow has the values of a row as the database has them.
type storedRow []any

// text returns the i-th value, or "" if it is not a text.
func (r storedRow) text(i int) string {
	text, _ := r[i].(string)
	return text
}

// compareKeys compares the first values of two rows, which are texts.
func compareKeys(a, b storedRow, n int) int {
	return slices.CompareFunc(a[:n], b[:n], func(x, y any) int {
		left, _ := x.(string)
		right, _ := y.(string)
		return strings.Compare(left, right)
	})
}

// rowReader reads the rows of a table in the order of its key. It has one batch of
// them in memory.
type rowReader struct {
	db    *DB
	q     querier
	table string
	// columns begin with the key, of keyLen columns.
	columns []string
	keyLen  int
	batch   int
	rows    []storedRow
	// last is the last row that was read, and done is set after the last batch.
	last storedRow
	done bool
}

// peek returns the next row; nil after the last one.
func (r *rowReader) peek(ctx context.Context) (storedRow, error) {
	if len(r.rows) == 0 && !r.done {
		text, args := afterKeySQL(r.table, r.columns, r.columns[:r.keyLen], r.last, r.batch)
		rows, err := query(ctx, r.db, r.q, "check the integrity", text, args, func(row scanner) (storedRow, error) {
			values := make(storedRow, len(r.columns))
			return values, row.Scan(values.targets()...)
		})
		if err != nil {
			return nil, err
		}
		if r.rows, r.done = rows, len(rows) < r.batch; len(rows) > 0 {
			r.last = rows[len(rows)-1]
		}
	}
	if len(r.rows) == 0 {
		return nil, ctx.Err()
	}
	return r.rows[0], ctx.Err()
}

// next skips the row that peek returned.
func (r *rowReader) next() { r.rows = r.rows[1:] }

// afterKeySQL returns the query of the n rows after last, sorted by key, and its
// arguments. last is nil for the first rows.
func afterKeySQL(table string, columns, key []string, last storedRow, n int) (text string, args []any) {
	var s whereClause
	keys := strings.Join(key, ", ")
	if last != nil {
		s.and("("+keys+") > ("+placeholders(len(key))+")", last[:len(key)]...)
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + table + s.sql() + " ORDER BY " + keys + limitSQL(n), s.args
}

// targets returns pointers for scanning.
func (r storedRow) targets() []any {
	targets := make([]any, len(r))
	for i := range r {
		targets[i] = &r[i]
	}
	return targets
}

// recordTable is a table with one row for each record.
type recordTable[T any] struct {
	table table
	// decoder returns a decoder for the rows of one query.
	decoder func() func(scanner) (T, error)
	// encode returns the values of all columns, given the record of a row.
	encode func(row storedRow, record T) ([]any, error)
	// kind and key return those of the audit log; key is without the team.
	kind func(T) string
	key  func(T) string
}

// decodedRow is a row and its record, or the error of decoding it.
type decodedRow[T any] struct {
	row    storedRow
	record T
	err    error
}

// checkRecords compares the rows of a table with their records, and calls visit, if
// any, for each record.
func checkRecords[T any](ctx context.Context, c *integrityCheck, t recordTable[T], visit func(ctx context.Context, row storedRow, record T) error) error {
	encrypted := t.table.encryptedColumns()
	var last storedRow
	for {
		batch, err := t.read(ctx, c, last)
		if err != nil {
			return err
		}
		for _, decoded := range batch {
			last = decoded.row
			t.check(c, decoded, encrypted)
			if visit == nil || decoded.err != nil {
				continue
			}
			if err := visit(ctx, decoded.row, decoded.record); err != nil {
				return err
			}
		}
		if len(batch) < iterationBatch {
			return ctx.Err()
		}
	}
}

// read reads the rows after last. Each row is selected twice: as it is, and for the
// decoder.
func (t recordTable[T]) read(ctx context.Context, c *integrityCheck, last storedRow) ([]decodedRow[T], error) {
	all, decode := t.table.allColumns(), t.decoder()
	text, args := afterKeySQL(t.table.name, slices.Concat(all, t.table.columns), t.table.key(), last, iterationBatch)
	return query(ctx, c.DB, c.q, "check the integrity", text, args, func(row scanner) (decodedRow[T], error) {
		decoded := decodedRow[T]{row: make(storedRow, len(all))}
		decoded.record, decoded.err = decode(prefixScanner{row, decoded.row.targets()})
		return decoded, ctx.Err()
	})
}

// prefixScanner scans the first columns of a row on its own.
type prefixScanner struct {
	row    scanner
	prefix []any
}

// Scan scans the other columns.
func (s prefixScanner) Scan(dest ...any) error { return s.row.Scan(slices.Concat(s.prefix, dest)...) }

// check reports how a row differs from its record.
func (t recordTable[T]) check(c *integrityCheck, decoded decodedRow[T], encrypted []string) {
	kind, name, team := t.kind(decoded.record), decoded.row.text(len(t.table.key())-1), t.team(decoded.row)
	if decoded.err == nil {
		name = t.key(decoded.record)
	}
	key := audit.TeamKey(team, name)
	if !c.covers(kind, team) {
		c.report(newFinding(audit.CodeRecordUntracked, kind, key, "the record is in a team that was not compared with the audit log"))
	}
	var values []any
	err := decoded.err
	if err == nil {
		values, err = t.encode(decoded.row, decoded.record)
	}
	if err != nil {
		c.report(newFinding(audit.CodeRecordUnreadable, kind, key, "the record cannot be read: "+unreadableReason(err)))
		return
	}
	columns := differingColumns(t.table.allColumns(), decoded.row, values, encrypted...)
	if len(columns) > 0 {
		c.report(newFinding(audit.CodeRowModified, kind, key, modifiedMessage(t.table.name, columns)))
	}
}

// team returns the team of a row; "" if its table has no teams.
func (t recordTable[T]) team(row storedRow) string {
	if t.table.columns[0] == "team" {
		return row.text(0)
	}
	return ""
}

// unreadableReason returns the reason of a row that cannot be read. It contains no
// stored value, unlike an error of package sql.
func unreadableReason(err error) string {
	if errors.Is(err, store.ErrCorrupt) || errors.Is(err, store.ErrDecrypt) || isUnknownKey(err) {
		return err.Error()
	}
	return store.ErrCorrupt.Error()
}

func (t table) encryptedColumns() []string {
	var columns []string
	for _, s := range sealedColumns() {
		if s.table == t.name {
			columns = append(columns, s.name)
		}
	}
	return columns
}

// differingColumns returns the columns whose values differ. An encrypted value differs
// each time: it only must be NULL or not, and decoding the row has decrypted it.
func differingColumns(columns []string, row storedRow, values []any, encrypted ...string) []string {
	var differing []string
	for i, column := range columns {
		same := equalValues(row[i], values[i])
		if slices.Contains(encrypted, column) {
			same = (row[i] == nil) == (values[i] == nil)
		}
		if !same {
			differing = append(differing, column)
		}
	}
	return differing
}

// equalValues compares a stored value with an argument of a statement.
func equalValues(stored, argument any) bool {
	value, err := driver.DefaultParameterConverter.ConvertValue(argument)
	if err != nil {
		return false
	}
	switch v := value.(type) {
	case []byte:
		blob, ok := stored.([]byte)
		return ok && bytes.Equal(blob, v)
	case bool: // SQLite stores a number
		number := int64(0)
		if v {
			number = 1
		}
		return stored == number || stored == v
	}
	if _, isBlob := stored.([]byte); isBlob {
		return false
	}
	return stored == value
}

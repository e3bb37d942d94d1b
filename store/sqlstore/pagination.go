package sqlstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// pager lists the records of one resource.
type pager[T any] struct {
	table table
	// op names the operation in errors.
	op string
	// keyField is the field of the keys. fold returns the key for a value of
	// keyField, if a page in key order starts after a key. It is nil if such pages
	// start after a cursor, like pages in all other orders.
	keyField string
	fold     func(string) string
	// keys are the columns of the key, which are texts, and key returns their
	// values.
	keys []string
	key  func(T) []string
	// fields are the other sort fields.
	fields map[string]sortField[T]
	// decoder returns a decoder for the rows of one query.
	decoder func() func(scanner) (T, error)
}

// sortField is a sort field. One of the two is set.
type sortField[T any] struct {
	column string
	text   func(T) string
	time   func(T) time.Time
}

// value returns the value of the column for a cursor.
func (f sortField[T]) value(of T) string {
	if f.text != nil {
		return f.text(of)
	}
	return strconv.FormatInt(f.time(of).UnixMicro(), 10)
}

// arg returns the argument for a value of a cursor.
func (f sortField[T]) arg(value string) (any, error) {
	if f.text != nil {
		return value, nil
	}
	micros, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return nil, storeerr.NewCursorError()
	}
	return micros, nil
}

// timeFields returns sort fields of times. The columns have the names of the
// fields.
func timeFields[T any](getters map[string]func(T) time.Time) map[string]sortField[T] {
	fields := make(map[string]sortField[T], len(getters))
	for column, value := range getters {
		fields[column] = sortField[T]{column: column, time: value}
	}
	return fields
}

// page returns a page of the selected records.
func (l pager[T]) page(ctx context.Context, db *DB, where whereClause, sort store.Sort, req store.PageRequest) (*store.Page[T], error) {
	if sort.By == l.keyField {
		sort.By = ""
	}
	orderBy, err := l.seek(&where, sort, req.After)
	if err != nil {
		return nil, err
	}
	limit := req.EffectiveLimit()
	list := &store.Page[T]{}
	err = db.read(ctx, func(ctx context.Context, q querier) (err error) {
		// One more record shows whether there is a next page.
		list.Items, err = l.fetch(ctx, db, q, where, orderBy, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = l.nextCursor(sort, list.Items[limit-1])
	}
	return list, nil
}

func (l pager[T]) fetch(ctx context.Context, db *DB, q querier, s whereClause, orderBy string, limit int) ([]T, error) {
	return query(ctx, db, q, l.op, l.sql(s, orderBy), append(s.args, limit), l.decoder())
}

func (l pager[T]) sql(s whereClause, orderBy string) string {
	return l.table.selectAll() + s.sql() + orderBy + " LIMIT ?"
}

// seek selects the records after a cursor in that order, and returns the ORDER BY
// clause.
func (l pager[T]) seek(s *whereClause, sort store.Sort, after string) (orderBy string, err error) {
	columns := l.keys
	if sort.By != "" {
		field, ok := l.fields[sort.By]
		if !ok {
			return "", storeerr.NewSortError()
		}
		columns = append([]string{field.column}, columns...)
	}
	comparison, direction := " > ", ""
	if sort.Descending {
		comparison, direction = " < ", " DESC"
	}
	if after != "" {
		values, err := l.parseCursor(sort, after, len(columns))
		if err != nil {
			return "", err
		}
		s.and("("+strings.Join(columns, ", ")+")"+comparison+"("+placeholders(len(columns))+")", values...)
	}
	return " ORDER BY " + strings.Join(columns, direction+", ") + direction, nil
}

// parseCursor returns the values of n columns for the cursor of a page.
func (l pager[T]) parseCursor(sort store.Sort, after string, n int) ([]any, error) {
	if sort.By == "" && l.fold != nil {
		return []any{l.fold(after)}, nil
	}
	position, err := cursor.Parse(sort, after, n)
	if err != nil {
		return nil, err
	}
	values := toAny(position)
	if sort.By != "" {
		values[0], err = l.fields[sort.By].arg(position[0])
	}
	return values, err
}

// nextCursor returns the cursor of the page after last.
func (l pager[T]) nextCursor(sort store.Sort, last T) string {
	position := cursor.Position(l.key(last))
	switch {
	case sort.By != "":
		position = append(cursor.Position{l.fields[sort.By].value(last)}, position...)
	case l.fold != nil:
		return position[0]
	}
	return cursor.Format(sort, position)
}

// each visits all records sorted by their keys, which have one column.
func (l pager[T]) each(ctx context.Context, db *DB, visit func(T) error) error {
	batch := func(q querier, after *string) ([]T, error) {
		var s whereClause
		if after != nil {
			s.and(l.keys[0]+" > ?", *after)
		}
		return l.fetch(ctx, db, q, s, " ORDER BY "+l.keys[0], iterationBatch)
	}
	return forEach(ctx, db, batch, func(item T) string { return l.key(item)[0] }, visit)
}

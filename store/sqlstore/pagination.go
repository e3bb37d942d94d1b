package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

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
	// keys are the columns of the key, which are texts. key returns the value of a
	// single one for [pager.each].
	keys []string
	key  func(T) string
	// fields are the columns of the other sort fields.
	fields map[string]sortColumn
	// decoder returns a decoder for the rows of one query.
	decoder func() func(scanner) (T, error)
}

// sortColumn is the column of a sort field.
type sortColumn struct {
	name   string
	isTime bool
}

// arg returns the argument for a value of a cursor.
func (c sortColumn) arg(value string) (any, error) {
	if !c.isTime {
		return value, nil
	}
	micros, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return nil, storeerr.NewCursorError()
	}
	return micros, nil
}

// timeColumns returns the columns of sort fields that are times. The columns have the
// names of the fields.
func timeColumns(names ...string) map[string]sortColumn {
	columns := make(map[string]sortColumn, len(names))
	for _, name := range names {
		columns[name] = sortColumn{name, true}
	}
	return columns
}

// page returns a page of the selected records.
func (l pager[T]) page(ctx context.Context, db *DB, where whereClause, sort store.Sort, req store.PageRequest) (*store.Page[T], error) {
	if sort.By == l.keyField {
		sort.By = ""
	}
	all := whereClause{slices.Clip(where.conditions), slices.Clip(where.args), where.isSearch}
	columns, orderBy, err := l.seek(&where, sort, req)
	if err != nil {
		return nil, err
	}
	limit := req.EffectiveLimit()
	list := &store.Page[T]{}
	rows := &positionedRows{position: make(cursor.Position, len(columns)), limit: limit}
	err = db.read(ctx, func(ctx context.Context, q querier) (err error) {
		rows.row = 0
		// One more record shows whether there is another page.
		text := l.sql(where, orderBy, limit+1, columns...)
		if list.Items, err = query(ctx, db, q, l.op, text, where.args, positioned(rows, l.decoder())); err != nil || !req.Count {
			return err
		}
		list.Total, err = l.count(ctx, db, q, all, sort, req, rows)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, l.addCursors(list, sort, req, rows)
}

// count counts the selected records of all pages, after the rows of one were read. For a
// search in the order of the keys it counts only the records before and after the page,
// so that no row is read twice. In all other cases one count of all records is faster.
func (l pager[T]) count(ctx context.Context, db *DB, q querier, where whereClause, sort store.Sort, req store.PageRequest, rows *positionedRows) (int, error) {
	first, more := cmp.Or(req.After, req.Before) == "", rows.row > rows.limit
	total := min(rows.row, rows.limit)
	switch {
	case first && !more:
		return total, nil // the page has all
	case sort.By != "" || total == 0 || !where.isSearch:
		return countRows(ctx, db, q, l.op, l.table.name, where)
	}
	back, forth := "<", ">"
	if sort.Descending != req.IsBackward() {
		back, forth = forth, back
	}
	for _, others := range []struct {
		exist      bool
		comparison string
		from       cursor.Position
	}{{!first, back, rows.start}, {more, forth, rows.end}} {
		if !others.exist {
			continue
		}
		s := where
		s.and("("+strings.Join(l.keys, ", ")+") "+others.comparison+" ("+placeholders(len(l.keys))+")", toAny(others.from)...)
		n, err := countRows(ctx, db, q, l.op, l.table.name, s)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// countRows counts the rows of a table.
func countRows(ctx context.Context, db *DB, q querier, op, table string, where whereClause) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table+where.sql(), where.args...).Scan(&n)
	return n, db.wrapError(ctx, op, err)
}

// addCursors cuts the additional record off a page, and adds the cursors of the other
// pages. The records of a backward page were read in reverse order.
func (l pager[T]) addCursors(list *store.Page[T], sort store.Sort, req store.PageRequest, rows *positionedRows) (err error) {
	more := len(list.Items) > rows.limit
	if more {
		list.Items = list.Items[:rows.limit]
	}
	back, forth := &list.Previous, &list.Next
	if req.IsBackward() {
		slices.Reverse(list.Items)
		back, forth = forth, back
	}
	if cmp.Or(req.After, req.Before) != "" && len(list.Items) > 0 {
		if *back, err = l.formatCursor(sort, rows.start); err != nil {
			return err
		}
	}
	if more {
		*forth, err = l.formatCursor(sort, rows.end)
	}
	return err
}

// positionedRows are the rows of a page. The values of the sort columns follow the other
// columns of a row: they are those by which the database sorts. Those of the record can
// differ if it was modified outside the program, and pages would repeat without end.
type positionedRows struct {
	scanner
	dest       []any
	position   cursor.Position
	limit, row int
	// start and end are the positions of the first and the last record of the page.
	start, end cursor.Position
}

// Scan scans the columns of the record into dest.
func (r *positionedRows) Scan(dest ...any) error {
	r.dest = append(r.dest[:0], dest...)
	for i := range r.position {
		r.dest = append(r.dest, &r.position[i])
	}
	err := r.scanner.Scan(r.dest...)
	if r.row++; r.row == 1 {
		r.start = slices.Clone(r.position)
	}
	if r.row == r.limit {
		r.end = slices.Clone(r.position)
	}
	return err
}

// positioned returns a decoder for rows that end with the values of the sort columns.
func positioned[T any](rows *positionedRows, decode func(scanner) (T, error)) func(scanner) (T, error) {
	return func(row scanner) (T, error) {
		rows.scanner = row
		return decode(rows)
	}
}

// sql returns the query for n records, followed by the values of further columns.
func (l pager[T]) sql(s whereClause, orderBy string, n int, further ...string) string {
	t := l.table
	t.columns = slices.Concat(t.columns, further)
	return t.selectAll() + s.sql() + orderBy + limitSQL(n)
}

// seek selects the records after or before the cursor of a page, and returns the columns
// of the order and the ORDER BY clause. A backward page is read in reverse order.
func (l pager[T]) seek(s *whereClause, sort store.Sort, req store.PageRequest) (columns []string, orderBy string, err error) {
	columns = l.keys
	if sort.By != "" {
		field, ok := l.fields[sort.By]
		if !ok {
			return nil, "", storeerr.NewSortError()
		}
		columns = append([]string{field.name}, columns...)
	}
	comparison, direction := " > ", ""
	if sort.Descending != req.IsBackward() {
		comparison, direction = " < ", " DESC"
	}
	if edge := cmp.Or(req.After, req.Before); edge != "" {
		values, err := l.parseCursor(sort, edge, len(columns))
		if err != nil {
			return nil, "", err
		}
		s.and("("+strings.Join(columns, ", ")+")"+comparison+"("+placeholders(len(columns))+")", values...)
	}
	return columns, " ORDER BY " + strings.Join(columns, direction+", ") + direction, nil
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

// formatCursor returns the cursor of a position. A page starts or ends at the folded key:
// pages could repeat without end if the stored key is not folded.
func (l pager[T]) formatCursor(sort store.Sort, end cursor.Position) (string, error) {
	switch {
	case sort.By != "" || l.fold == nil:
		return cursor.Format(sort, end), nil
	case l.fold(end[0]) != end[0]:
		return "", columnError("key") // modified outside the program
	}
	return end[0], nil
}

// each visits all records sorted by their keys, which have one column.
func (l pager[T]) each(ctx context.Context, db *DB, visit func(T) error) error {
	batch := func(q querier, after *string) ([]T, error) {
		var s whereClause
		if after != nil {
			s.and(l.keys[0]+" > ?", *after)
		}
		return query(ctx, db, q, l.op, l.sql(s, " ORDER BY "+l.keys[0], iterationBatch), s.args, l.decoder())
	}
	return forEach(ctx, db, batch, l.key, visit)
}

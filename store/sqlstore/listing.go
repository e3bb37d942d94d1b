package sqlstore

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/cursor"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
)

// listing is how the records of one resource are listed.
type listing[T any] struct {
	table table
	// doing says in errors what failed.
	doing string
	// keyField is the field that the keys are made of. fold makes them where a
	// page in their order begins after a key; nil where it begins after a
	// cursor, as in all other orders.
	keyField string
	fold     func(string) string
	// keys are the columns of the key, of which the values are texts, and key
	// returns these of a record.
	keys []string
	key  func(T) []string
	// fields are the others that lists are sorted by.
	fields map[string]field[T]
	// decoder returns what decodes the rows of one query.
	decoder func() func(scanner) (T, error)
}

// field is a field that lists are sorted by. One of the two is set.
type field[T any] struct {
	column string
	text   func(T) string
	time   func(T) time.Time
}

// value returns the value of the column as cursors have it.
func (f field[T]) value(of T) string {
	if f.text != nil {
		return f.text(of)
	}
	return strconv.FormatInt(f.time(of).UnixMicro(), 10)
}

// arg returns the value of the column that a cursor has.
func (f field[T]) arg(value string) (any, error) {
	if f.text != nil {
		return value, nil
	}
	micros, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return nil, refuse.After()
	}
	return micros, nil
}

// times are the fields of these columns, which have the names of the fields.
func times[T any](of map[string]func(T) time.Time) map[string]field[T] {
	fields := make(map[string]field[T], len(of))
	for column, value := range of {
		fields[column] = field[T]{column: column, time: value}
	}
	return fields
}

// page returns a page of what is selected.
func (l listing[T]) page(ctx context.Context, db *DB, s selection, order store.Order, page store.Page) (*store.List[T], error) {
	if order.By == l.keyField {
		order.By = ""
	}
	orderBy, err := l.begin(&s, order, page.After)
	if err != nil {
		return nil, err
	}
	limit := page.Clamped()
	list := &store.List[T]{}
	err = db.read(ctx, func(ctx context.Context, q querier) (err error) {
		// One more tells whether there is a next page.
		list.Items, err = l.query(ctx, db, q, s, orderBy, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.Next = l.end(order, list.Items[limit-1])
	}
	return list, nil
}

func (l listing[T]) query(ctx context.Context, db *DB, q querier, s selection, orderBy string, limit int) ([]T, error) {
	return query(ctx, db, q, l.doing, l.text(s, orderBy), append(s.args, limit), l.decoder())
}

func (l listing[T]) text(s selection, orderBy string) string {
	return l.table.selectAll() + s.where() + orderBy + " LIMIT ?"
}

// begin selects what follows after in that order, and returns its clause.
func (l listing[T]) begin(s *selection, order store.Order, after string) (orderBy string, err error) {
	columns := l.keys
	if order.By != "" {
		field, known := l.fields[order.By]
		if !known {
			return "", refuse.Sort()
		}
		columns = append([]string{field.column}, columns...)
	}
	beyond, direction := " > ", ""
	if order.Descending {
		beyond, direction = " < ", " DESC"
	}
	if after != "" {
		values, err := l.parse(order, after, len(columns))
		if err != nil {
			return "", err
		}
		s.and("("+strings.Join(columns, ", ")+")"+beyond+"("+places(len(columns))+")", values...)
	}
	return " ORDER BY " + strings.Join(columns, direction+", ") + direction, nil
}

// parse returns the values of the columns, of which there are n, that a page
// begins after.
func (l listing[T]) parse(order store.Order, after string, n int) ([]any, error) {
	if order.By == "" && l.fold != nil {
		return []any{l.fold(after)}, nil
	}
	position, err := cursor.Parse(order, after, n)
	if err != nil {
		return nil, err
	}
	values := anys(position)
	if order.By != "" {
		values[0], err = l.fields[order.By].arg(position[0])
	}
	return values, err
}

// end returns what the page after last begins after.
func (l listing[T]) end(order store.Order, last T) string {
	position := cursor.Position(l.key(last))
	switch {
	case order.By != "":
		position = append(cursor.Position{l.fields[order.By].value(last)}, position...)
	case l.fold != nil:
		return position[0]
	}
	return cursor.Format(order, position)
}

// each visits all records in the order of their keys, which are of one column.
func (l listing[T]) each(ctx context.Context, db *DB, visit func(T) error) error {
	batch := func(q querier, after string) ([]T, error) {
		var s selection
		if after != "" {
			s.and(l.keys[0]+" > ?", after)
		}
		return l.query(ctx, db, q, s, " ORDER BY "+l.keys[0], eachBatch)
	}
	return each(ctx, db, "", batch, func(item T) string { return l.key(item)[0] }, visit)
}

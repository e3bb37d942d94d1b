package sqlstore

import (
	"context"
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
	// keyField is the field that the keys are made of, and fold makes them.
	keyField string
	fold     func(string) string
	// key returns that of a record.
	key func(T) string
	// times are the other fields that lists are sorted by. Their columns have
	// the same names.
	times map[string]func(T) time.Time
	// decoder returns what decodes the rows of one query.
	decoder func() func(scanner) (T, error)
}

// page returns a page of what is selected.
func (l listing[T]) page(ctx context.Context, db *DB, s selection, order store.Order, page store.Page) (*store.List[T], error) {
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
	beyond, direction := " > ", ""
	if order.Descending {
		beyond, direction = " < ", " DESC"
	}
	key := l.table.key()
	if order.By == "" || order.By == l.keyField {
		if after != "" {
			s.and(key+beyond+"?", l.fold(after))
		}
		return " ORDER BY " + key + direction, nil
	}
	if l.times[order.By] == nil {
		return "", refuse.Sort()
	}
	if after != "" {
		position, err := cursor.Parse(order, after)
		if err != nil {
			return "", err
		}
		s.and("("+order.By+", "+key+")"+beyond+"(?, ?)", position.Value, position.Key)
	}
	return " ORDER BY " + order.By + direction + ", " + key + direction, nil
}

// end returns what the page after last begins after.
func (l listing[T]) end(order store.Order, last T) string {
	if field := l.times[order.By]; field != nil {
		return cursor.Format(order, cursor.Position{Value: field(last).UnixMicro(), Key: l.key(last)})
	}
	return l.key(last)
}

// each visits all records in the order of their keys.
func (l listing[T]) each(ctx context.Context, db *DB, visit func(T) error) error {
	batch := func(q querier, after string) ([]T, error) {
		var s selection
		orderBy, err := l.begin(&s, store.Order{}, after)
		if err != nil {
			return nil, err
		}
		return l.query(ctx, db, q, s, orderBy, eachBatch)
	}
	return each(ctx, db, "", batch, l.key, visit)
}

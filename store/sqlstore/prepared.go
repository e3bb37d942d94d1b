package sqlstore

import (
	"context"
	"database/sql"
	"sync/atomic"
)

// prepared is a frequent query that is kept prepared: preparing it takes SQLite
// longer than running it. It is closed with the database.
type prepared struct{ statement atomic.Pointer[sql.Stmt] }

// queryRow runs text, which must not change, on q.
func (p *prepared) queryRow(ctx context.Context, q querier, text string, args ...any) (scanner, error) {
	db, isDB := q.(*sql.DB)
	if !isDB {
		// A transaction would prepare it again on its own connection.
		return q.QueryRowContext(ctx, text, args...), nil
	}
	if statement := p.statement.Load(); statement != nil { //nolint:sqlclosecheck // it stays open with the database
		return statement.QueryRowContext(ctx, args...), nil
	}
	statement, err := db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if !p.statement.CompareAndSwap(nil, statement) {
		defer func() { _ = statement.Close() }()                     // another call was faster
		return p.statement.Load().QueryRowContext(ctx, args...), nil //nolint:sqlclosecheck // as above
	}
	return statement.QueryRowContext(ctx, args...), nil
}

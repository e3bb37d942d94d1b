package sqlstore_test

import (
	"context"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// preparedConnector opens connections that keep their queries prepared. A test that
// runs the same queries many times spends most of its time on preparing them.
type preparedConnector struct{ dsn string }

// Connect implements [driver.Connector].
func (c preparedConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	preparing, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.New("the driver has changed")
	}
	return &preparedConn{preparing, map[string]driver.Stmt{}}, nil
}

// Driver implements [driver.Connector].
func (preparedConnector) Driver() driver.Driver { return &sqlite.Driver{} }

type preparedConn struct {
	sqliteConn

	// idle has the statements that are not in use, by their texts.
	idle map[string]driver.Stmt
}

// QueryContext implements [driver.QueryerContext].
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	statement, found := c.idle[query]
	delete(c.idle, query) // the query can run again before its rows are closed
	if !found {
		prepared, err := c.Prepare(query)
		if err != nil {
			return nil, err
		}
		statement = prepared
	}
	queryer, ok := statement.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("the driver has changed")
	}
	rows, err := queryer.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, statement.Close())
	}
	return &preparedRows{rows, c, query, statement}, nil
}

// Close also closes the statements.
func (c *preparedConn) Close() error {
	var errs []error
	for _, statement := range c.idle {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

type preparedRows struct {
	driver.Rows

	conn      *preparedConn
	query     string
	statement driver.Stmt
}

// Close keeps the statement for the next query with the same text.
func (r *preparedRows) Close() error {
	if err := r.Rows.Close(); err != nil {
		return errors.Join(err, r.statement.Close())
	}
	if _, found := r.conn.idle[r.query]; found {
		return r.statement.Close()
	}
	r.conn.idle[r.query] = r.statement
	return nil
}

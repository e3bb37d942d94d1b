package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"modernc.org/sqlite"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// statementCounter counts the statements of the database.
type statementCounter struct {
	dsn string

	mu    sync.Mutex
	texts []string
}

// Connect implements [driver.Connector].
func (c *statementCounter) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	counting, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.New("the driver has changed")
	}
	return countingConn{counting, c}, nil
}

// Driver implements [driver.Connector].
func (*statementCounter) Driver() driver.Driver { return &sqlite.Driver{} }

// record returns the statements of fn.
func (c *statementCounter) record(fn func()) []string {
	c.mu.Lock()
	c.texts = nil
	c.mu.Unlock()
	fn()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.texts
}

func (c *statementCounter) count(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.texts = append(c.texts, text)
}

// sqliteConn is the interface of the driver's connections.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
}

type countingConn struct {
	sqliteConn
	counter *statementCounter
}

func (c countingConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.counter.count(text)
	return c.sqliteConn.ExecContext(ctx, text, args)
}

func (c countingConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	c.counter.count(text)
	return c.sqliteConn.QueryContext(ctx, text, args)
}

func (c countingConn) Prepare(text string) (driver.Stmt, error) {
	statement, err := c.sqliteConn.Prepare(text)
	if err != nil {
		return nil, err
	}
	asking, ok := statement.(sqliteStatement)
	if !ok {
		return nil, errors.New("the driver has changed")
	}
	return countingStatement{asking, text, c.counter}, nil
}

// sqliteStatement is the interface of the driver's prepared statements.
type sqliteStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// countingStatement is counted when it runs, not when it is prepared.
type countingStatement struct {
	sqliteStatement
	text    string
	counter *statementCounter
}

func (s countingStatement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.counter.count(s.text)
	return s.sqliteStatement.QueryContext(ctx, args)
}

// openCounted opens a store whose statements are counted.
func openCounted(t *testing.T) (*sqlstore.DB, *statementCounter) {
	t.Helper()
	c := &statementCounter{dsn: sqlstore.SQLiteDSN(newPath(t)) + "&_pragma=synchronous(OFF)"}
	conn := sql.OpenDB(c)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	db, err := sqlstore.Open(t.Context(), conn, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring(t)})
	require.NoError(t, err)
	return db, c
}

func TestDB_Users_listsPageWithOneStatement(t *testing.T) {
	t.Parallel()
	db, statements := openCounted(t)
	const n = 300
	createManyUsers(t, db, n)
	for _, q := range []userman.Query{{}, {Group: "Group 1"}, {Extension: "2000"}, {Search: "jane"}, {Sort: store.Sort{By: "last_name"}}} {
		for _, limit := range []int{1, n} {
			q.Limit = limit
			var list *store.Page[*userman.User]
			texts := statements.record(func() {
				var err error
				list, err = db.Users("").ListUsers(t.Context(), q)
				require.NoError(t, err)
			})
			require.Len(t, texts, 1)
			require.NotEmpty(t, list.Items)
			require.Len(t, list.Items[0].Groups, 2)
			require.Len(t, list.Items[0].Extensions(), 3)
		}
	}
	texts := statements.record(func() {
		require.NoError(t, db.Users("").EachUser(t.Context(), func(*userman.User) error { return nil }))
	})
	require.Len(t, texts, 1, "one for each batch")
	texts = statements.record(func() {
		_, err := db.Users("").GroupsRevision(t.Context())
		require.NoError(t, err)
	})
	require.Len(t, texts, 1)
	texts = statements.record(func() {
		_, _, err := db.Users("").ListGroups(t.Context())
		require.NoError(t, err)
		_, err = db.Users("").CountMembers(t.Context())
		require.NoError(t, err)
	})
	require.Len(t, texts, 3)
}

func TestDB_Tokens_requestTakesOneReadOneWrite(t *testing.T) {
	t.Parallel()
	db, statements := openCounted(t)
	createManyUsers(t, db, 2)
	tokens := db.Tokens("")
	require.NoError(t, tokens.CreateToken(t.Context(), &apitoken.Token{ID: "token", UserID: nthUser(1).ID}))
	for range 2 { // prepared, and again
		require.Len(t, statements.record(func() {
			_, err := tokens.TokenWithOwner(t.Context(), "token")
			require.NoError(t, err)
		}), 1)
	}
	now := time.Now()
	for _, want := range []int{1, 2} { // the second one is over the limit
		require.Len(t, statements.record(func() {
			_, err := tokens.TakeRequest(t.Context(), "token", now, 1)
			require.NoError(t, err)
		}), want)
	}
}

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/pbxusers/pbxusers/store"
)

// DB is a store in a SQL database. It may be used from many goroutines, and
// several processes may use one database. The [sql.DB] stays the caller's, who
// closes it last.
type DB struct {
	sql     *sql.DB
	engine  *engine
	keyring *store.Keyring
	logger  *slog.Logger
	// writers holds a token for each transaction of this DB that is open, up
	// to as many as the database lets write at once: waiting here is fair,
	// cheap, and ends with the context.
	writers chan struct{}
	// tokenOwner reads API tokens with whose they are.
	tokenOwner prepared
}

// Options of [Open].
type Options struct {
	// Keyring seals what must be readable again. Required: there is no
	// default.
	Keyring *store.Keyring
	// Logger gets a debug line per migration. Defaults to none.
	Logger *slog.Logger
}

// Open brings the tables up to date, under a lock, so that any number of
// processes may start at once, and returns the store. A database that a newer
// version of this module has changed is refused with a [store.ConflictError].
// A keyring that does not open what is stored is refused with a
// [store.UnknownKeyError]. The first Open of an empty SQLite database makes its
// files readable by their owner only. Leave db two connections or more: while
// EachUser, EachAdministrator or EachEntry visits, it holds one. A bound on
// them (SetMaxOpenConns) also bounds what callers leave behind who give up, for
// up to five seconds, while another process has the lock.
func Open(ctx context.Context, db *sql.DB, dialect Dialect, opts *Options) (*DB, error) {
	engine, err := dialect.engine()
	if err != nil {
		return nil, err
	}
	if opts == nil || opts.Keyring == nil {
		return nil, errors.New("sqlstore: set Options.Keyring; secrets are never stored in clear")
	}
	s := &DB{sql: db, engine: engine, keyring: opts.Keyring, logger: opts.Logger, writers: make(chan struct{}, engine.maxWriters)}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if err := s.retry(ctx, s.migrate); err != nil {
		return nil, err
	}
	if err := s.checkKeyring(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// ID returns what tells this database from every other: 32 hexadecimal digits
// that were drawn when its tables were made.
func (db *DB) ID(ctx context.Context) (id string, err error) {
	err = db.read(ctx, func(ctx context.Context, q querier) error {
		return db.wrapError(ctx, "read the identity", q.QueryRowContext(ctx, "SELECT id FROM pbxusers_identity").Scan(&id))
	})
	return id, err
}

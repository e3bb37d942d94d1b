package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync/atomic"

	"github.com/pbxusers/pbxusers/store"
)

// DB is a store in a SQL database. It is safe for concurrent use, and several
// processes may use one database. The caller owns the [sql.DB], and closes it last.
type DB struct {
	sql     *sql.DB
	engine  *engine
	keyring *store.Keyring
	logger  *slog.Logger
	// writers has a token for each open transaction of this DB, up to the number of
	// concurrent writers of the database. Waiting here is fair and cheap, and ends
	// with the context.
	writers chan struct{}
	// expectedSchema is that of a new database, once it is needed.
	expectedSchema atomic.Pointer[schema]
	// tokenOwner reads API tokens and their users.
	tokenOwner prepared
}

// Options of [Open].
type Options struct {
	// Keyring encrypts secrets. It is required.
	Keyring *store.Keyring
	// Logger logs an error if a lookup finds a row that was modified outside the
	// program, and a debug line per migration. Defaults to no logging.
	Logger *slog.Logger
}

// Open migrates the tables and returns the store. It takes a lock, so that several
// processes may start at the same time. It returns a [store.ConflictError] if a
// newer version of this module has migrated the database, and a
// [store.UnknownKeyError] if the keyring does not decrypt the stored values. The
// first Open of an empty SQLite database makes its files readable only by their
// owner.
//
// db needs two connections or more: EachUser, EachAdministrator and EachEntry use
// one while they visit. A limit (SetMaxOpenConns) also limits the abandoned calls
// of canceled contexts, which last up to five seconds while another process has the
// lock.
func Open(ctx context.Context, db *sql.DB, dialect Dialect, opts *Options) (*DB, error) {
	engine, err := dialect.engine()
	if err != nil {
		return nil, err
	}
	if opts == nil || opts.Keyring == nil {
		return nil, errors.New("sqlstore: set Options.Keyring; secrets are never stored unencrypted")
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
	if err := s.createIdentity(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"github.com/pbxusers/pbxusers/store"
)

// migrationsTable records the applied migrations. It is not goose's default name,
// because the product may use goose for its own tables.
const migrationsTable = "pbxusers_migrations"

//go:embed migrations
var migrations embed.FS

// developmentTable is a table of development versions before the first release.
// Their tables cannot be migrated.
const developmentTable = "pbxusers_managers"

// migrate migrates the tables. It returns an error wrapping store.ErrConflict for
// tables of a development version.
func (db *DB) migrate(ctx context.Context) error {
	_, err := withContext(ctx, func() (struct{}, error) {
		found, err := db.engine.hasTable(ctx, db.sql, developmentTable)
		switch {
		case err != nil:
			return struct{}{}, db.wrapError(ctx, "look up the tables", err)
		case found:
			return struct{}{}, &store.ConflictError{Reason: "this database was created by a development version of pbxusers and cannot be upgraded; use a new database"}
		}
		return struct{}{}, db.migrateFS(ctx, migrations)
	})
	return err
}

func (db *DB) migrateFS(ctx context.Context, fsys fs.FS) error {
	files, err := fs.Sub(fsys, db.engine.migrations)
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	newest, err := newestMigration(files)
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	if err := db.engine.prepare(ctx, db.sql); err != nil {
		return db.wrapError(ctx, "prepare the database", err)
	}
	options := append(db.engine.lockOptions(newest), goose.WithTableName(migrationsTable), goose.WithDisableGlobalRegistry(true))
	provider, err := goose.NewProvider(db.engine.goose, db.sql, files, options...)
	if err != nil {
		return fmt.Errorf("sqlstore: migrate: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return db.wrapError(ctx, "migrate", err)
	}
	for _, step := range results {
		db.logger.DebugContext(ctx, "database migrated", "version", step.Source.Version)
	}
	return db.checkVersion(ctx, newest)
}

// newestMigration returns the highest version of the files, which are sorted by
// version.
func newestMigration(files fs.FS) (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("no migrations: %w", err)
	}
	return goose.NumericComponent(names[len(names)-1])
}

// checkVersion prevents writes to tables of a newer version.
func (db *DB) checkVersion(ctx context.Context, newest int64) error {
	var version sql.NullInt64
	if err := db.sql.QueryRowContext(ctx, "SELECT MAX(version_id) FROM "+migrationsTable).Scan(&version); err != nil {
		return db.wrapError(ctx, "read the version of the tables", err)
	}
	if version.Int64 > newest {
		return &store.ConflictError{Reason: fmt.Sprintf(
			"the database has version %d, but this program supports version %d; update the program", version.Int64, newest)}
	}
	return nil
}

package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store/audit"
)

// schema has the definition of each table, index, trigger and view, such as "table
// pbxusers_users", and the applied migrations.
type schema struct {
	objects    map[string]string
	migrations []string
}

// newSchema returns the schema of a new database of this version.
func (db *DB) newSchema(ctx context.Context) (*schema, error) {
	if known := db.expectedSchema.Load(); known != nil {
		return known, nil
	}
	created, err := db.createSchema(ctx)
	if err != nil {
		return nil, err
	}
	db.expectedSchema.Store(created)
	return created, nil
}

// createSchema migrates an empty database in memory.
func (db *DB) createSchema(ctx context.Context) (created *schema, err error) {
	memory := sql.OpenDB(dsnConnector{db.sql.Driver(), db.engine.memoryDSN})
	defer func() { err = errors.Join(err, memory.Close()) }()
	memory.SetMaxOpenConns(1) // each connection has a database of its own
	empty := &DB{sql: memory, engine: db.engine, logger: slog.New(slog.DiscardHandler)}
	if err := empty.migrateFS(ctx, migrations); err != nil {
		return nil, fmt.Errorf("sqlstore: create the expected schema: %w", err)
	}
	return empty.readSchema(ctx, memory)
}

// dsnConnector opens connections of a driver.
type dsnConnector struct {
	driver driver.Driver
	dsn    string
}

// Connect implements [driver.Connector].
func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }

// Driver implements [driver.Connector].
func (c dsnConnector) Driver() driver.Driver { return c.driver }

// readSchema returns the objects that can affect our tables, and the migrations.
func (db *DB) readSchema(ctx context.Context, q querier) (*schema, error) {
	s := &schema{objects: map[string]string{}}
	_, err := query(ctx, db, q, "read the schema", db.engine.schemaSQL, nil, func(row scanner) (_ struct{}, err error) {
		var object, definition string
		err = row.Scan(&object, &definition)
		s.objects[object] = definition
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	s.migrations, err = query(ctx, db, q, "read the migrations", db.engine.migrationsSQL, nil, scanText)
	return s, err
}

// checkSchema compares the schema with that of a new database.
func (c *integrityCheck) checkSchema(ctx context.Context, expected *schema) error {
	found, err := c.readSchema(ctx, c.q)
	if err != nil {
		return err
	}
	report := func(object, message string) {
		c.report(newFinding(audit.CodeSchemaModified, "database", object, message+" outside this program"))
	}
	for _, object := range slices.Sorted(maps.Keys(expected.objects)) {
		definition, exists := found.objects[object]
		switch {
		case !exists:
			report(object, "it is missing: it was deleted")
		case definition != expected.objects[object]:
			report(object, "its definition was changed")
		}
	}
	for _, object := range slices.Sorted(maps.Keys(found.objects)) {
		if _, ours := expected.objects[object]; !ours {
			report(object, "it does not belong to this program, but names its tables: it was added")
		}
	}
	if !slices.Equal(found.migrations, expected.migrations) {
		report("table "+migrationsTable, "it does not have the migrations of this version: it was changed")
	}
	return c.checkTables(ctx, expected)
}

// checkTables lets the database compare each table with its indexes and constraints:
// a query that uses a wrong index misses rows.
func (c *integrityCheck) checkTables(ctx context.Context, expected *schema) error {
	for _, object := range slices.Sorted(maps.Keys(expected.objects)) {
		name, isTable := strings.CutPrefix(object, "table ")
		if !isTable {
			continue
		}
		problems, err := query(ctx, c.DB, c.q, "check the tables", c.engine.tableCheckSQL, []any{name}, scanText)
		if err != nil {
			return err
		}
		for _, problem := range problems {
			c.report(newFinding(audit.CodeSchemaModified, "database", object, "the database finds it damaged: "+problem))
		}
	}
	return nil
}

// scanText scans a row with one text.
func scanText(row scanner) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
)

// identityBytes is the number of random bytes in the identity of a database.
const identityBytes = 16

// identitySealContext is the encryption context of the seal of an identity.
func identitySealContext(id string) string { return "pbxusers_identity/" + id }

// createIdentity creates the identity of a new database. It does not replace the lost
// identity of a database with an audit log.
func (db *DB) createIdentity(ctx context.Context) error {
	if _, err := db.ID(ctx); !errors.Is(err, store.ErrCorrupt) {
		return err
	}
	return db.write(ctx, func(ctx context.Context, q querier) error {
		const text = `INSERT INTO pbxusers_identity (id, seal) SELECT ?, ?
			WHERE NOT EXISTS (SELECT 1 FROM pbxusers_identity) AND NOT EXISTS (SELECT 1 FROM pbxusers_audit)`
		random := make([]byte, identityBytes)
		_, _ = rand.Read(random) // it never fails
		id := hex.EncodeToString(random)
		_, err := q.ExecContext(ctx, text, id, db.keyring.Seal(nil, identitySealContext(id)))
		return db.wrapError(ctx, "create the identity", err)
	})
}

// ID returns the unique ID of this database: 32 random hexadecimal digits, created
// with its tables. It returns an error wrapping [store.ErrCorrupt] if the ID was deleted
// outside the program.
func (db *DB) ID(ctx context.Context) (id string, err error) {
	err = db.read(ctx, func(ctx context.Context, q querier) error {
		err := q.QueryRowContext(ctx, "SELECT id FROM pbxusers_identity").Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("sqlstore: the identity of this database is missing; restore a backup: %w", store.ErrCorrupt)
		}
		return db.wrapError(ctx, "read the identity", err)
	})
	return id, err
}

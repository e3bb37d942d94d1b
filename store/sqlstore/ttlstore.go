package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// ttlStore is the store of values that expire.
type ttlStore struct{ *DB }

// TTLStore returns the store of small values that expire.
func (db *DB) TTLStore() store.TTLStore { return ttlStore{db} }

// ttlSealContext is the encryption context of a value. It contains the expiry, so
// that nobody can extend a session in the database.
func ttlSealContext(kind, key, expiresAt string) string {
	return "pbxusers_ttl_values/" + kind + "/" + key + "/" + expiresAt
}

// Get implements [store.TTLStore].
func (m ttlStore) Get(ctx context.Context, kind, key string, now time.Time) ([]byte, error) {
	var sealed []byte
	var expiresAt string
	err := m.read(ctx, func(ctx context.Context, q querier) error {
		const text = "SELECT value, expires_at FROM pbxusers_ttl_values WHERE kind = ? AND item = ? AND expires_at > ?"
		err := q.QueryRowContext(ctx, text, kind, key, now.UnixMicro()).Scan(&sealed, &expiresAt)
		if errors.Is(err, sql.ErrNoRows) {
			return &store.NotFoundError{Kind: "value"}
		}
		return m.wrapError(ctx, "read a value", err)
	})
	if err != nil {
		return nil, err
	}
	value, err := m.keyring.Open(sealed, ttlSealContext(kind, key, expiresAt))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: read a value of kind %q: %w", kind, err)
	}
	return value, nil
}

// Put implements [store.TTLStore].
func (m ttlStore) Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if err := storeerr.CheckValueSize(value); err != nil {
		return err
	}
	return m.write(ctx, func(ctx context.Context, q querier) error {
		const text = `INSERT INTO pbxusers_ttl_values (kind, item, value, expires_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (kind, item) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`
		// Encrypted in the transaction, like AMI accounts.
		expiresAt := expires.UnixMicro()
		sealed := m.keyring.Seal(value, ttlSealContext(kind, key, strconv.FormatInt(expiresAt, 10)))
		_, err := q.ExecContext(ctx, text, kind, key, sealed, expiresAt)
		return m.wrapError(ctx, "put a value", err)
	})
}

// Delete implements [store.TTLStore].
func (m ttlStore) Delete(ctx context.Context, kind, key string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, "DELETE FROM pbxusers_ttl_values WHERE kind = ? AND item = ?", kind, key)
		return m.wrapError(ctx, "delete a value", err)
	})
}

// List implements [store.TTLStore].
func (m ttlStore) List(ctx context.Context, kind string, now time.Time) (map[string][]byte, error) {
	values := map[string][]byte{}
	err := m.read(ctx, func(ctx context.Context, q querier) error {
		clear(values) // of an earlier attempt
		const text = "SELECT item, value, expires_at FROM pbxusers_ttl_values WHERE kind = ? AND expires_at > ?"
		_, err := query(ctx, m.DB, q, "list values", text, []any{kind, now.UnixMicro()}, func(row scanner) (key string, err error) {
			var sealed []byte
			var expiresAt string
			if err := row.Scan(&key, &sealed, &expiresAt); err != nil {
				return "", err
			}
			values[key], err = m.keyring.Open(sealed, ttlSealContext(kind, key, expiresAt))
			return key, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// DeleteExpired implements [store.TTLStore].
func (m ttlStore) DeleteExpired(ctx context.Context, now time.Time) (int, error) {
	var deleted int64
	err := m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, "DELETE FROM pbxusers_ttl_values WHERE expires_at <= ?", now.UnixMicro())
		if err == nil {
			deleted, err = result.RowsAffected()
		}
		return m.wrapError(ctx, "delete expired values", err)
	})
	return int(deleted), err
}

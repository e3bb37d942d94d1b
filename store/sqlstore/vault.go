package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
)

// vault are the values of a DB that expire.
type vault struct{ *DB }

// Vault returns the store of small values that expire.
func (db *DB) Vault() store.Vault { return vault{db} }

// vaultSeal is the context that a value is sealed for.
func vaultSeal(kind, key string) string { return "pbxusers_vault/" + kind + "/" + key }

// Kept implements [store.Vault].
func (m vault) Kept(ctx context.Context, kind, key string, now time.Time) ([]byte, error) {
	var sealed []byte
	err := m.read(ctx, func(ctx context.Context, q querier) error {
		const text = "SELECT value FROM pbxusers_vault WHERE kind = ? AND item = ? AND expires_at > ?"
		err := q.QueryRowContext(ctx, text, kind, key, now.UnixMicro()).Scan(&sealed)
		if errors.Is(err, sql.ErrNoRows) {
			return &store.NotFoundError{Kind: "value"}
		}
		return m.failed(ctx, "read a value", err)
	})
	if err != nil {
		return nil, err
	}
	value, err := m.keyring.Open(sealed, vaultSeal(kind, key))
	if err != nil {
		return nil, fmt.Errorf("sqlstore: read a value of kind %q: %w", kind, err)
	}
	return value, nil
}

// Keep implements [store.Vault].
func (m vault) Keep(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if err := refuse.LargeValue(value); err != nil {
		return err
	}
	return m.write(ctx, func(ctx context.Context, q querier) error {
		const text = `INSERT INTO pbxusers_vault (kind, item, value, expires_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (kind, item) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`
		// Sealed inside of the transaction, as AMI accounts are.
		_, err := q.ExecContext(ctx, text, kind, key, m.keyring.Seal(value, vaultSeal(kind, key)), expires.UnixMicro())
		return m.failed(ctx, "keep a value", err)
	})
}

// Forget implements [store.Vault].
func (m vault) Forget(ctx context.Context, kind, key string) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, "DELETE FROM pbxusers_vault WHERE kind = ? AND item = ?", kind, key)
		return m.failed(ctx, "forget a value", err)
	})
}

// ForgetExpired implements [store.Vault].
func (m vault) ForgetExpired(ctx context.Context, now time.Time) (int, error) {
	var forgotten int64
	err := m.write(ctx, func(ctx context.Context, q querier) error {
		result, err := q.ExecContext(ctx, "DELETE FROM pbxusers_vault WHERE expires_at <= ?", now.UnixMicro())
		if err == nil {
			forgotten, err = result.RowsAffected()
		}
		return m.failed(ctx, "forget expired values", err)
	})
	return int(forgotten), err
}

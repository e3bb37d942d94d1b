package memstore

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/refuse"
)

// vault are the values of a DB that expire.
type vault struct{ *DB }

// Vault returns the store of small values that expire.
func (db *DB) Vault() store.Vault { return vault{db} }

// kept is one value.
type kept struct {
	value []byte
	// expires is in microseconds, as a database keeps it.
	expires int64
}

// vaultKey returns the key of the table: another pair never has the same.
func vaultKey(kind, key string) string { return strconv.Itoa(len(kind)) + ":" + kind + key }

// Kept implements [store.Vault].
func (m vault) Kept(ctx context.Context, kind, key string, now time.Time) (value []byte, err error) {
	err = m.read(ctx, func(s *state) error {
		found, ok := s.vault.get(vaultKey(kind, key))
		if !ok || found.expires <= now.UnixMicro() {
			return &store.NotFoundError{Kind: "value"}
		}
		value = bytes.Clone(found.value)
		return nil
	})
	return value, err
}

// Keep implements [store.Vault].
func (m vault) Keep(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if err := refuse.LargeValue(value); err != nil {
		return err
	}
	row := kept{value: bytes.Clone(value), expires: expires.UnixMicro()}
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			s.vault.put(vaultKey(kind, key), row)
			return nil
		})
	})
}

// Forget implements [store.Vault].
func (m vault) Forget(ctx context.Context, kind, key string) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			s.vault.remove(vaultKey(kind, key))
			return nil
		})
	})
}

// ForgetExpired implements [store.Vault].
func (m vault) ForgetExpired(ctx context.Context, now time.Time) (forgotten int, err error) {
	err = m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.do(ctx, func(s *state) error {
			forgotten = s.vault.removeAll(func(v kept) bool { return v.expires <= now.UnixMicro() })
			return nil
		})
	})
	return forgotten, err
}

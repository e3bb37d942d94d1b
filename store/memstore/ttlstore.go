package memstore

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/internal/storeerr"
)

// ttlStore is the store of values that expire.
type ttlStore struct{ *DB }

// TTLStore returns the store of small values that expire.
func (db *DB) TTLStore() store.TTLStore { return ttlStore{db} }

// ttlValue is one value.
type ttlValue struct {
	value []byte
	// expires is in microseconds, as in a database.
	expires int64
}

// ttlKey returns the key of the table, unique for each pair.
func ttlKey(kind, key string) string { return strconv.Itoa(len(kind)) + ":" + kind + key }

// Get implements [store.TTLStore].
func (m ttlStore) Get(ctx context.Context, kind, key string, now time.Time) (value []byte, err error) {
	err = m.read(ctx, func(s *state) error {
		found, ok := s.ttlValues.get(ttlKey(kind, key))
		if !ok || found.expires <= now.UnixMicro() {
			return &store.NotFoundError{Kind: "value"}
		}
		value = bytes.Clone(found.value)
		return nil
	})
	return value, err
}

// Put implements [store.TTLStore].
func (m ttlStore) Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	if err := storeerr.CheckValueSize(value); err != nil {
		return err
	}
	row := ttlValue{value: bytes.Clone(value), expires: expires.UnixMicro()}
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			s.ttlValues.put(ttlKey(kind, key), row)
			return nil
		})
	})
}

// Delete implements [store.TTLStore].
func (m ttlStore) Delete(ctx context.Context, kind, key string) error {
	return m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			s.ttlValues.remove(ttlKey(kind, key))
			return nil
		})
	})
}

// List implements [store.TTLStore].
func (m ttlStore) List(ctx context.Context, kind string, now time.Time) (map[string][]byte, error) {
	values, prefix := map[string][]byte{}, ttlKey(kind, "")
	err := m.read(ctx, func(s *state) error {
		for _, row := range s.ttlValues.rows {
			if key, ofKind := strings.CutPrefix(row.key, prefix); ofKind && row.value.expires > now.UnixMicro() {
				values[key] = bytes.Clone(row.value.value)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// DeleteExpired implements [store.TTLStore].
func (m ttlStore) DeleteExpired(ctx context.Context, now time.Time) (deleted int, err error) {
	err = m.write(ctx, func(ctx context.Context, tx *transaction) error {
		return tx.withState(ctx, func(s *state) error {
			deleted = s.ttlValues.removeAll(func(v ttlValue) bool { return v.expires <= now.UnixMicro() })
			return nil
		})
	})
	return deleted, err
}

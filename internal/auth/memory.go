package auth

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// maxMemoryValues is the maximum number of pending logins in memory.
const maxMemoryValues = 10_000

// memoryStore is a [store.TTLStore] in the memory of this process, for services
// without one. A pending login lasts minutes, so it need not survive the process.
type memoryStore struct {
	mu     sync.Mutex
	values map[[2]string]memoryValue
}

type memoryValue struct {
	value     []byte
	expiresAt time.Time
}

// NewMemoryStore returns an empty TTL store in memory.
func NewMemoryStore() store.TTLStore { return &memoryStore{values: map[[2]string]memoryValue{}} }

// RunInTx implements [store.Transactor] without a rollback.
func (m *memoryStore) RunInTx(ctx context.Context, fn func(ctx context.Context) error) error {
	return fn(ctx)
}

// Get implements [store.TTLStore].
func (m *memoryStore) Get(ctx context.Context, kind, key string, now time.Time) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[[2]string{kind, key}]
	if !ok || !now.Before(v.expiresAt) {
		return nil, &store.NotFoundError{Kind: "value"}
	}
	return bytes.Clone(v.value), ctx.Err()
}

// Put implements [store.TTLStore]. If the store is full, it removes the value that
// expires first.
func (m *memoryStore) Put(ctx context.Context, kind, key string, value []byte, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.values) >= maxMemoryValues {
		m.removeFirst()
	}
	m.values[[2]string{kind, key}] = memoryValue{bytes.Clone(value), expires}
	return ctx.Err()
}

// removeFirst removes the value that expires first.
func (m *memoryStore) removeFirst() {
	var first [2]string
	var expiresAt time.Time
	for key, v := range m.values {
		if expiresAt.IsZero() || v.expiresAt.Before(expiresAt) {
			first, expiresAt = key, v.expiresAt
		}
	}
	delete(m.values, first)
}

// List implements [store.TTLStore].
func (m *memoryStore) List(ctx context.Context, kind string, now time.Time) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	values := map[string][]byte{}
	for id, v := range m.values {
		if id[0] == kind && now.Before(v.expiresAt) {
			values[id[1]] = bytes.Clone(v.value)
		}
	}
	return values, ctx.Err()
}

// Delete implements [store.TTLStore].
func (m *memoryStore) Delete(ctx context.Context, kind, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, [2]string{kind, key})
	return ctx.Err()
}

// DeleteExpired implements [store.TTLStore].
func (m *memoryStore) DeleteExpired(ctx context.Context, now time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for key, v := range m.values {
		if !now.Before(v.expiresAt) {
			delete(m.values, key)
			n++
		}
	}
	return n, ctx.Err()
}

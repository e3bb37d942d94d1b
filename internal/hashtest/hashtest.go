// Package hashtest finds out whether passwords are hashed inside transactions. It
// is for tests only.
package hashtest

import (
	"context"
	"crypto/rand"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// saltLength is the size of the read for the salt of a password hash. Nothing else
// of the services reads as much at once.
const saltLength = 16

// patience is how long another writer waits before the probe decides that a
// transaction is open.
const patience = 500 * time.Millisecond

// Probe is a source of random bytes, for the options of a service. When a salt is
// read, a hash is about to be computed: the probe then runs a transaction of its
// own. The database must let one transaction write at a time, and nobody else may
// write to it during the test.
type Probe struct {
	db     atomic.Pointer[store.Transactor]
	hashes atomic.Int64
	inTx   atomic.Int64
}

// Watch sets the database.
func (p *Probe) Watch(db store.Transactor) { p.db.Store(&db) }

// Read implements [io.Reader].
func (p *Probe) Read(b []byte) (int, error) {
	if len(b) == saltLength {
		p.Check()
		p.hashes.Add(1)
	}
	return rand.Read(b)
}

// Check counts an open transaction. It is called at the beginning of slow work.
func (p *Probe) Check() {
	db := p.db.Load()
	if db == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := (*db).RunInTx(ctx, func(context.Context) error { return nil }); err != nil {
		p.inTx.Add(1)
	}
}

// RequireHash requires that do hashes n passwords, none of them in a transaction.
func (p *Probe) RequireHash(t testing.TB, name string, n int, do func() error) {
	t.Helper()
	before := p.hashes.Load()
	require.NoError(t, do(), name)
	require.Equal(t, int64(n), p.hashes.Load()-before, "%s: hashes", name)
	require.Zero(t, p.inTx.Load(), "%s: hashes inside a transaction", name)
}

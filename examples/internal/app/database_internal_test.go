package app

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// A thousand who log in at once open no thousand connections.
func TestOpen_limitsDatabaseConnections(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "pbxusers.db")
	_, err := store.OpenKeyring(filepath.Join(folder, "pbxusers.key"))
	require.NoError(t, err)
	sqlitetest.Create(t, path)
	s, err := Open(t.Context(), Settings{DB: "sqlite:" + path, ConfDir: t.TempDir(), AMI: NoAsterisk}, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	_, err = s.Users.Create(t.Context(), userman.NewUser{User: &userman.User{Username: "jane"}})
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	startTime, end := make(chan struct{}), make(chan struct{})
	var visits sync.WaitGroup
	defer visits.Wait()
	defer cancel()
	for range 3 * maxConnections {
		visits.Go(func() {
			_ = s.Users.Each(ctx, func(*userman.User) error { // holds a connection
				select {
				case startTime <- struct{}{}:
					<-end
				case <-ctx.Done():
				}
				return nil
			})
		})
	}
	defer close(end)
	for range maxConnections {
		select {
		case <-startTime:
		case <-ctx.Done():
			require.NoError(t, ctx.Err())
		}
	}
	require.Equal(t, maxConnections, s.pool.Stats().OpenConnections)
	require.Zero(t, s.pool.Stats().Idle)
	require.Eventually(t, func() bool { return s.pool.Stats().WaitCount >= 2*maxConnections }, time.Minute, time.Millisecond, "the others wait")
}

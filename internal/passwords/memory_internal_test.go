package passwords

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestDefaultConcurrency_boundsTotalMemory(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		processors int
		memory     uint32
		want       int
	}{
		{1, 19 << 10, 1},
		{4, 19 << 10, 4},
		{128, 19 << 10, 13},
		{128, 64 << 10, 4},
		{128, maxMemory, 1},
		{2, 8, 2},
	} {
		require.Equal(t, test.want, defaultConcurrency(test.processors, test.memory), test)
	}
}

// memoryMeter stands for argon2id, and notes the most memory, in KiB, that was used
// at once.
type memoryMeter struct {
	mu            sync.Mutex
	current, peak int
}

func (w *memoryMeter) add(memory int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current += memory
	w.peak = max(w.peak, w.current)
}

func (w *memoryMeter) derive(_, _ []byte, _, memory uint32, _ uint8, length uint32) []byte {
	w.add(int(memory))
	defer w.add(-int(memory))
	runtime.Gosched()
	return make([]byte, length)
}

// importedHash is the most expensive hash that is taken over.
func importedHash() store.Secret {
	return store.NewSecret("$argon2id$v=19$m=262144,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

func TestHasher_Verify_boundsMemoryUnderLoad(t *testing.T) {
	t.Parallel()

	require.True(t, Supported(importedHash()))
	for name, slots := range map[string]int{"one processor": 1, "two": 2, "as many as there are at the most": defaultConcurrency(1000, DefaultParams().Memory)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var w memoryMeter
			h := NewHasher(&Options{Concurrency: slots, Derive: w.derive})
			var all sync.WaitGroup
			for i := range 1000 {
				hash := store.Secret{}
				if i%2 == 0 {
					hash = importedHash()
				}
				all.Go(func() { _, _ = h.Verify(context.Background(), hash, store.NewSecret("correct horse")) })
			}
			all.Wait()
			require.GreaterOrEqual(t, w.peak, maxMemory)
			require.Less(t, w.peak, 512<<10)
		})
	}
}

func TestHasher_acquire_allowsConcurrentDefaultCosts(t *testing.T) {
	t.Parallel()

	h := NewHasher(&Options{Concurrency: 2})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 { // a large computation is the only one
		release, err := h.acquire(ctx, Params{Memory: h.slotMemory})
		require.NoError(t, err)
		t.Cleanup(release)
	}
}

func TestHasher_Verify_releasesLargeSlotOnCancel(t *testing.T) {
	t.Parallel()

	started, release := make(chan struct{}), make(chan struct{})
	var computed atomic.Int64
	h := NewHasher(&Options{Concurrency: 2, Derive: func(_, _ []byte, _, _ uint32, _ uint8, length uint32) []byte {
		if computed.Add(1) == 1 {
			close(started)
			<-release
		}
		return make([]byte, length)
	}})
	first := make(chan error, 1)
	go func() {
		_, err := h.Verify(context.Background(), importedHash(), store.NewSecret("correct horse"))
		first <- err
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		_, err := h.Verify(ctx, importedHash(), store.NewSecret("correct horse"))
		second <- err
	}()
	_, err := h.Verify(t.Context(), store.Secret{}, store.NewSecret("correct horse"))
	require.NoError(t, err, "a check of what is made here does not wait for a heavy one")
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	close(release)
	require.NoError(t, <-first)
	_, err = h.Verify(t.Context(), importedHash(), store.NewSecret("correct horse"))
	require.NoError(t, err)
}

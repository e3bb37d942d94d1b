package passwords

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestAsManyAreComputedAtOnceAsTake256MiB(t *testing.T) {
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
		require.Equal(t, test.want, concurrency(test.processors, test.memory), test)
	}
}

// weighed stands for argon2id, and notes the most memory, in KiB, that was used
// at once.
type weighed struct {
	mu        sync.Mutex
	now, most int
}

func (w *weighed) add(memory int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += memory
	w.most = max(w.most, w.now)
}

func (w *weighed) derive(_, _ []byte, _, memory uint32, _ uint8, length uint32) []byte {
	w.add(int(memory))
	defer w.add(-int(memory))
	runtime.Gosched()
	return make([]byte, length)
}

// foreign is the most expensive hash that is taken over.
func foreign() store.Secret {
	return store.NewSecret("$argon2id$v=19$m=262144,t=4,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
}

func TestAThousandChecksAtOnceTakeLessThan512MiB(t *testing.T) {
	t.Parallel()

	require.True(t, Known(foreign()))
	for name, slots := range map[string]int{"one processor": 1, "two": 2, "as many as there are at the most": concurrency(1000, DefaultParams().Memory)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			var w weighed
			h := NewHasher(&Options{Concurrency: slots, Derive: w.derive})
			var all sync.WaitGroup
			for i := range 1000 {
				hash := store.Secret{}
				if i%2 == 0 {
					hash = foreign()
				}
				all.Go(func() { _, _ = h.Check(context.Background(), hash, store.NewSecret("correct horse")) })
			}
			all.Wait()
			require.GreaterOrEqual(t, w.most, maxMemory)
			require.Less(t, w.most, 512<<10)
		})
	}
}

func TestAHeavyCheckThatGivesUpLetsTheNextOneIn(t *testing.T) {
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
		_, err := h.Check(context.Background(), foreign(), store.NewSecret("correct horse"))
		first <- err
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		_, err := h.Check(ctx, foreign(), store.NewSecret("correct horse"))
		second <- err
	}()
	_, err := h.Check(t.Context(), store.Secret{}, store.NewSecret("correct horse"))
	require.NoError(t, err, "a check of what is made here does not wait for a heavy one")
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	close(release)
	require.NoError(t, <-first)
	_, err = h.Check(t.Context(), foreign(), store.NewSecret("correct horse"))
	require.NoError(t, err)
}

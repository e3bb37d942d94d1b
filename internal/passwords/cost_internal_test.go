package passwords

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/argon2"

	"github.com/pbxusers/pbxusers/store"
)

// newCountingHasher returns a hasher and the count of its computations at full cost.
func newCountingHasher(params Params) (*Hasher, *atomic.Int64) {
	h, count := NewHasher(&Options{Params: params}), new(atomic.Int64)
	h.derive = func(password, salt []byte, time, memory uint32, threads uint8, length uint32) []byte {
		if (Params{Memory: memory, Time: time, Threads: threads}) == h.params {
			count.Add(1)
		}
		return argon2.IDKey(password, salt, time, memory, threads, length)
	}
	return h, count
}

// Computations are counted, because time cannot be measured on a busy machine.
func TestHasher_Verify_costsOneFullComputation(t *testing.T) {
	t.Parallel()

	h, count := newCountingHasher(Params{Memory: 128, Time: 1, Threads: 1})
	current, err := h.Hash(t.Context(), store.NewSecret("correct horse"))
	require.NoError(t, err)
	require.EqualValues(t, 1, count.Load())
	cheaper, err := NewHasher(&Options{Params: Params{Memory: 64, Time: 1, Threads: 1}}).Hash(t.Context(), store.NewSecret("correct horse"))
	require.NoError(t, err)

	for what, hash := range map[string]store.Secret{
		"no hash":           {},
		"current":           current,
		"cheaper":           cheaper,
		"bcrypt":            store.NewSecret("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
		"phpass":            store.NewSecret("$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
		"SHA-1":             store.NewSecret("5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"),
		"of no form at all": store.NewSecret("plain text"),
	} {
		for _, password := range []string{"correct horse", "wrong", "", "e\u0301\u00a0", "\xff", strings.Repeat("x", 10<<20)} {
			count.Store(0)
			_, err := h.Verify(t.Context(), hash, store.NewSecret(password))
			if err != nil {
				require.ErrorIs(t, err, ErrUnsupportedHash)
			}
			require.EqualValues(t, 1, count.Load(), what)
		}
	}
}

func TestHasher_limitsConcurrency(t *testing.T) {
	t.Parallel()

	h := NewHasher(&Options{Params: Params{Memory: 64, Time: 1, Threads: 1}, Concurrency: 2})
	var running, tooMany, computed atomic.Int64
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		if running.Add(1) > 2 {
			tooMany.Add(1)
		}
		defer running.Add(-1)
		runtime.Gosched()
		computed.Add(1)
		return make([]byte, tagLength)
	}
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() { _, _ = h.Verify(context.Background(), store.Secret{}, store.NewSecret("correct horse")) })
	}
	all.Wait()
	require.Zero(t, tooMany.Load())
	require.EqualValues(t, 64, computed.Load())
}

func TestHasher_Verify_stopsWaitingOnCancel(t *testing.T) {
	t.Parallel()

	h := NewHasher(&Options{Params: Params{Memory: 64, Time: 1, Threads: 1}, Concurrency: 1})
	started, release := make(chan struct{}), make(chan struct{})
	h.derive = func([]byte, []byte, uint32, uint32, uint8, uint32) []byte {
		close(started)
		<-release
		return make([]byte, tagLength)
	}
	first := make(chan error, 1)
	go func() {
		_, err := h.Verify(context.Background(), store.Secret{}, store.NewSecret("correct horse"))
		first <- err
	}()
	<-started
	ctx, cancel := context.WithCancel(t.Context())
	second := make(chan error, 1)
	go func() {
		_, err := h.Verify(ctx, store.Secret{}, store.NewSecret("correct horse"))
		second <- err
	}()
	cancel()
	require.ErrorIs(t, <-second, context.Canceled)
	close(release)
	require.NoError(t, <-first)
}

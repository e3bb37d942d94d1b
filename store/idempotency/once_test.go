package idempotency_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// once runs a request whose answer is its number.
func (e *env) once(t *testing.T, r idempotency.Request, save bool) (body string, repeated bool) {
	t.Helper()
	answer, repeated, err := e.Once(t.Context(), &r, func(context.Context) (idempotency.Answer, error) {
		number := e.created.Add(1)
		return idempotency.Answer{Body: []byte{'0' + byte(number)}, Save: save}, nil
	})
	require.NoError(t, err)
	return string(answer), repeated
}

func TestResponses_Once_repeatsSavedAnswerForAMinute(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	body, repeated := e.once(t, request(), true)
	require.Equal(t, "1", body)
	require.False(t, repeated)
	e.now = e.now.Add(59 * time.Second)
	body, repeated = e.once(t, request(), true)
	require.Equal(t, "1", body)
	require.True(t, repeated)
	e.now = e.now.Add(time.Second)
	body, repeated = e.once(t, request(), true)
	require.Equal(t, "2", body)
	require.False(t, repeated)
}

func TestResponses_Once_runsWhatDiffers(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for i, change := range []func(*idempotency.Request){
		func(*idempotency.Request) {},
		func(r *idempotency.Request) { r.Session = store.NewSecret("another") },
		func(r *idempotency.Request) { r.Body = []byte("another") },
		func(r *idempotency.Request) { r.Place = []string{"john", "user"} },
		func(r *idempotency.Request) { r.Key = "another" },
		func(r *idempotency.Request) { r.Key = "" },
		func(r *idempotency.Request) { r.Key = "" },
	} {
		r := request()
		change(&r)
		body, repeated := e.once(t, r, true)
		require.Equal(t, string([]byte{'1' + byte(i)}), body)
		require.False(t, repeated)
	}
}

func TestResponses_Once_savesNeitherErrorsNorWhatIsTooLarge(t *testing.T) {
	t.Parallel()
	e, r, failed := newEnv(t), request(), errors.New("failed")
	_, _, err := e.Once(t.Context(), &r, func(context.Context) (idempotency.Answer, error) { return idempotency.Answer{Save: true}, failed })
	require.ErrorIs(t, err, failed)
	body, _, err := e.Once(t.Context(), &r, func(context.Context) (idempotency.Answer, error) {
		return idempotency.Answer{Body: []byte(strings.Repeat("x", store.MaxValueSize)), Save: true}, nil
	})
	require.NoError(t, err)
	require.Len(t, body, store.MaxValueSize)
	for range 2 {
		_, repeated := e.once(t, r, false)
		require.False(t, repeated)
	}
}

func TestResponses_Once_runsOnceConcurrently(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, r := newEnv(t), request()
		var waiting sync.WaitGroup
		var repeats atomic.Int64
		for range 20 {
			waiting.Go(func() {
				body, repeated, err := e.Once(t.Context(), &r, func(context.Context) (idempotency.Answer, error) {
					e.created.Add(1)
					synctest.Wait() // until all others wait
					return idempotency.Answer{Body: []byte("answer")}, nil
				})
				if err != nil || string(body) != "answer" {
					t.Error(string(body), err)
				}
				if repeated {
					repeats.Add(1)
				}
			})
		}
		waiting.Wait()
		require.EqualValues(t, 1, e.created.Load())
		require.EqualValues(t, 19, repeats.Load(), "also of an answer that is not saved")
	})
}

func TestResponses_Once_runsAgainAfterPanic(t *testing.T) {
	t.Parallel()
	e, r := newEnv(t), request()
	require.Panics(t, func() {
		_, _, _ = e.Once(t.Context(), &r, func(context.Context) (idempotency.Answer, error) { panic("broken") })
	})
	body, _ := e.once(t, r, true)
	require.Equal(t, "1", body)
}

func TestResponses_Once_outlivesItsClient(t *testing.T) {
	t.Parallel()
	e, r := newEnv(t), request()
	ctx, cancel := context.WithCancel(t.Context())
	running, release := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		_, _, err := e.Once(ctx, &r, func(ctx context.Context) (idempotency.Answer, error) {
			close(running)
			<-release
			return idempotency.Answer{Body: []byte("answer"), Save: true}, ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-running
	cancel()
	_, _, err := e.Once(ctx, &r, func(context.Context) (idempotency.Answer, error) { panic("it runs already") })
	require.ErrorIs(t, err, context.Canceled, "who waits can leave")
	close(release)
	first.Wait()
	body, repeated := e.once(t, r, true)
	require.Equal(t, "answer", body)
	require.True(t, repeated)
}

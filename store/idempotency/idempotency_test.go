package idempotency_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/idempotency"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// env saves responses at a time that the test sets, and counts what was created.
type env struct {
	*idempotency.Responses

	now     time.Time
	created atomic.Int64
}

func newEnv(t *testing.T) *env {
	t.Helper()
	keyring, err := store.NewKeyring(store.GenerateKey())
	require.NoError(t, err)
	e := &env{now: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)}
	e.Responses = idempotency.New(memstore.New().TTLStore(), keyring, &idempotency.Options{Clock: func() time.Time { return e.now }})
	return e
}

// do creates a record with a secret, unless there is a response.
func (e *env) do(t *testing.T, r idempotency.Request) (*idempotency.Response, error) {
	t.Helper()
	return e.Do(t.Context(), &r, func() (idempotency.Create, error) {
		return func(context.Context) (*idempotency.Response, error) {
			e.created.Add(1)
			return &idempotency.Response{
				ETag: `"1"`, Location: "/records/1", Body: json.RawMessage(`{"secret":"once"}`), WithoutSecret: json.RawMessage(`{}`),
			}, nil
		}, nil
	})
}

func request() idempotency.Request {
	return idempotency.Request{Key: "key", Place: []string{"jane", "user"}, Body: []byte("body"), Session: store.NewSecret("session")}
}

func TestResponses_Do_repeatsResponse(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	first, err := e.do(t, request())
	require.NoError(t, err)
	again, err := e.do(t, request())
	require.NoError(t, err)
	require.Equal(t, &idempotency.Response{ETag: first.ETag, Location: first.Location, Body: first.Body}, again)
	require.EqualValues(t, 1, e.created.Load())

	e.now = e.now.Add(24 * time.Hour)
	_, err = e.do(t, request())
	require.NoError(t, err)
	require.EqualValues(t, 2, e.created.Load(), "it has expired")
}

func TestResponses_Do_separatesPlacesAndKeys(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	for i, change := range []func(*idempotency.Request){
		func(*idempotency.Request) {},
		func(r *idempotency.Request) { r.Key = "another" },
		func(r *idempotency.Request) { r.Place = []string{"john", "user"} },
		func(r *idempotency.Request) { r.Place = []string{"jane", "group"} },
		func(r *idempotency.Request) { r.Key = "" },
		func(r *idempotency.Request) { r.Key = "" },
	} {
		r := request()
		change(&r)
		_, err := e.do(t, r)
		require.NoError(t, err)
		require.EqualValues(t, i+1, e.created.Load())
	}
}

func TestResponses_Do_rejectsKeyOfAnotherRequest(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.do(t, request())
	require.NoError(t, err)
	r := request()
	r.Body = []byte("another body")
	_, err = e.do(t, r)
	var invalid *store.InvalidError
	require.ErrorAs(t, err, &invalid)
	require.Equal(t, idempotency.Header, invalid.Fields[0].Field)
	require.Equal(t, store.CodeReused, invalid.Fields[0].Code)
	require.EqualValues(t, 1, e.created.Load())
}

func TestResponses_Do_repeatsSecretToSessionForAMinute(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	_, err := e.do(t, request())
	require.NoError(t, err)
	body := func(session string) string {
		r := request()
		r.Session = store.NewSecret(session)
		response, err := e.do(t, r)
		require.NoError(t, err)
		return string(response.Body)
	}
	e.now = e.now.Add(59 * time.Second)
	require.JSONEq(t, `{"secret":"once"}`, body("session"))
	require.JSONEq(t, `{}`, body("another session"))
	e.now = e.now.Add(time.Second)
	require.JSONEq(t, `{}`, body("session"))
}

func TestResponses_Do_savesNoErrors(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	failed := errors.New("failed")
	r := request()
	_, err := e.Do(t.Context(), &r, func() (idempotency.Create, error) { return nil, failed })
	require.ErrorIs(t, err, failed)
	_, err = e.Do(t.Context(), &r, func() (idempotency.Create, error) {
		return func(context.Context) (*idempotency.Response, error) { return nil, failed }, nil
	})
	require.ErrorIs(t, err, failed)
	_, err = e.do(t, request())
	require.NoError(t, err)
	require.EqualValues(t, 1, e.created.Load())
}

func TestResponses_Do_createsOnceConcurrently(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			if _, err := e.do(t, request()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	require.EqualValues(t, 1, e.created.Load())
}

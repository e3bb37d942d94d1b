package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

const (
	idempotencyHeader = "Idempotency-Key"
	// idempotencyKind is what the answers are kept as in the vault.
	idempotencyKind = "idempotency"
	// idempotencyTTL is how long an answer may be asked for again.
	idempotencyTTL = 24 * time.Hour
)

// IdempotencyKey is the header that makes it safe to repeat a request.
type IdempotencyKey struct {
	Key string `doc:"A word of your choice that is new for each record to be made. The same request with the same word, within 24 hours, gets the same answer and makes nothing again." header:"Idempotency-Key" maxLength:"255"`
}

// forUser returns the key of a request that is about somebody: the same word with
// another one is another request.
func (k IdempotencyKey) forUser(username string) IdempotencyKey {
	if k.Key != "" {
		k.Key += "\x00" + userman.FoldUsername(username)
	}
	return k
}

// savedResponse is an answer that may be asked for again.
type savedResponse[T any] struct {
	// Request is the hash of the body that was answered.
	Request string `json:"request"`
	Body    T      `json:"body"`
}

// idempotent makes a record, or returns the one that the same request made before.
// Making and keeping are one transaction, so that of requests that come at once
// one makes the record and the others get its answer. Refusals are not kept.
func idempotent[T any](ctx context.Context, a *api, key IdempotencyKey, event audit.Event, create func(context.Context) (T, error)) (T, error) {
	var created T
	err := a.runInTx(ctx, event, func(ctx context.Context) (err error) {
		if key.Key == "" {
			created, err = create(ctx)
			return err
		}
		created, err = replayOrRun(ctx, a, key, event, create)
		return err
	})
	return created, err
}

func replayOrRun[T any](ctx context.Context, a *api, key IdempotencyKey, event audit.Event, create func(context.Context) (T, error)) (T, error) {
	now := a.clock()
	sum := bodyHash(ctx)
	response := savedResponse[T]{Request: hex.EncodeToString(sum[:])}
	storeKey := a.responseKey(ctx, key, event)
	saved, err := a.app.TTLStore.Get(ctx, idempotencyKind, storeKey, now)
	switch {
	case err == nil:
		return replay[T](saved, response.Request)
	case !errors.Is(err, store.ErrNotFound):
		return response.Body, err
	}
	if response.Body, err = create(ctx); err != nil {
		return response.Body, err
	}
	data, err := json.Marshal(response)
	if err != nil {
		return response.Body, fmt.Errorf("keeping the answer: %w", err)
	}
	return response.Body, a.app.TTLStore.Put(ctx, idempotencyKind, storeKey, data, now.Add(idempotencyTTL))
}

// replay returns the body of an answer that was kept for the same request.
func replay[T any](saved []byte, request string) (T, error) {
	var response savedResponse[T]
	if err := json.Unmarshal(saved, &response); err != nil {
		return response.Body, fmt.Errorf("reading a kept answer: %w", err)
	}
	if response.Request != request {
		return response.Body, store.NewInvalidError(store.FieldError{
			Field: idempotencyHeader, Code: "reused", Message: "this key was used for another request; choose a new one for each record",
		})
	}
	return response.Body, nil
}

// responseKey is where an answer is kept: nobody gets that of another visitor,
// or of another kind of record.
func (a *api) responseKey(ctx context.Context, key IdempotencyKey, event audit.Event) string {
	visitor := a.sessions.Administrator(ctx)
	sum := sha256.Sum256([]byte(strings.Join([]string{visitor.Username, event.Kind, key.Key}, "\x00")))
	return hex.EncodeToString(sum[:])
}

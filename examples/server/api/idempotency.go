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
	// idempotencyLife is how long an answer may be asked for again.
	idempotencyLife = 24 * time.Hour
)

// IdempotencyKey is the header that makes it safe to repeat a request.
type IdempotencyKey struct {
	Key string `doc:"A word of your choice that is new for each record to be made. The same request with the same word, within 24 hours, gets the same answer and makes nothing again." header:"Idempotency-Key" maxLength:"255"`
}

// of returns the key of a request that is about somebody: the same word with
// another one is another request.
func (k IdempotencyKey) of(username string) IdempotencyKey {
	if k.Key != "" {
		k.Key += "\x00" + userman.FoldUsername(username)
	}
	return k
}

// keptAnswer is an answer that may be asked for again.
type keptAnswer[T any] struct {
	// Request is the hash of the body that was answered.
	Request string `json:"request"`
	Body    T      `json:"body"`
}

// once makes a record, or returns the one that the same request made before.
// Making and keeping are one transaction, so that of requests that come at once
// one makes the record and the others get its answer. Refusals are not kept.
func once[T any](ctx context.Context, a *api, key IdempotencyKey, event audit.Event, create func(context.Context) (T, error)) (T, error) {
	var made T
	err := a.atomically(ctx, event, func(ctx context.Context) (err error) {
		if key.Key == "" {
			made, err = create(ctx)
			return err
		}
		made, err = keepOnce(ctx, a, key, event, create)
		return err
	})
	return made, err
}

func keepOnce[T any](ctx context.Context, a *api, key IdempotencyKey, event audit.Event, create func(context.Context) (T, error)) (T, error) {
	now := a.clock()
	sum := bodyHash(ctx)
	answer := keptAnswer[T]{Request: hex.EncodeToString(sum[:])}
	place := a.answerKey(ctx, key, event)
	kept, err := a.site.Vault.Kept(ctx, idempotencyKind, place, now)
	switch {
	case err == nil:
		return repeated[T](kept, answer.Request)
	case !errors.Is(err, store.ErrNotFound):
		return answer.Body, err
	}
	if answer.Body, err = create(ctx); err != nil {
		return answer.Body, err
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return answer.Body, fmt.Errorf("keeping the answer: %w", err)
	}
	return answer.Body, a.site.Vault.Keep(ctx, idempotencyKind, place, data, now.Add(idempotencyLife))
}

// repeated returns the body of an answer that was kept for the same request.
func repeated[T any](kept []byte, request string) (T, error) {
	var answer keptAnswer[T]
	if err := json.Unmarshal(kept, &answer); err != nil {
		return answer.Body, fmt.Errorf("reading a kept answer: %w", err)
	}
	if answer.Request != request {
		return answer.Body, store.Invalid(store.FieldError{
			Field: idempotencyHeader, Code: "reused", Message: "this key was used for another request; choose a new one for each record",
		})
	}
	return answer.Body, nil
}

// answerKey is where an answer is kept: nobody gets that of another visitor,
// or of another kind of record.
func (a *api) answerKey(ctx context.Context, key IdempotencyKey, event audit.Event) string {
	visitor := a.gate.Visitor(ctx)
	sum := sha256.Sum256([]byte(strings.Join([]string{visitor.Username, event.Kind, key.Key}, "\x00")))
	return hex.EncodeToString(sum[:])
}

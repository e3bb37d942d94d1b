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
)

const (
	// idempotencyKind is the kind of the saved responses in the TTL store.
	idempotencyKind = "idempotency"
	// idempotencyTTL is how long a response is saved.
	idempotencyTTL = 24 * time.Hour
)

// savedResponse is the response to a creation, for a client that repeats the
// request.
type savedResponse struct {
	// Request is the hash of the body.
	Request  string          `json:"request"`
	ETag     string          `json:"etag"`
	Location string          `json:"location"`
	Body     json.RawMessage `json:"body"`
}

// idempotent creates a record, or returns the response to the same request with the
// same key. Creating and saving are one transaction: of simultaneous requests one
// creates the record, and the others get its response. Errors are not saved. The
// owner is that of the record, where it has one.
func (a *api) idempotent(ctx context.Context, r *request, owner string, event audit.Event, create func(context.Context) (*response, error)) (*response, error) {
	var created *response
	err := a.runInTx(ctx, event, func(ctx context.Context) (err error) {
		if key := r.text(idempotencyHeader); key != "" {
			created, err = a.replayOrRun(ctx, r, a.responseKey(ctx, event.Kind, key, owner), create)
			return err
		}
		created, err = create(ctx)
		return err
	})
	return created, err
}

func (a *api) replayOrRun(ctx context.Context, r *request, key string, create func(context.Context) (*response, error)) (*response, error) {
	now, sum := a.clock(), r.bodyHash()
	hash := hex.EncodeToString(sum[:])
	saved, err := a.app.TTLStore.Get(ctx, idempotencyKind, key, now)
	switch {
	case err == nil:
		return replay(saved, hash)
	case !errors.Is(err, store.ErrNotFound):
		return nil, err
	}
	created, err := create(ctx)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(created.body)
	if err != nil {
		return nil, fmt.Errorf("saving the response: %w", err)
	}
	data, err := json.Marshal(savedResponse{Request: hash, ETag: created.etag, Location: created.location, Body: body})
	if err != nil {
		return nil, fmt.Errorf("saving the response: %w", err)
	}
	return created, a.app.TTLStore.Put(ctx, idempotencyKind, key, data, now.Add(idempotencyTTL))
}

// replay returns the saved response to a request with that hash.
func replay(saved []byte, hash string) (*response, error) {
	var earlier savedResponse
	if err := json.Unmarshal(saved, &earlier); err != nil {
		return nil, fmt.Errorf("reading a saved response: %w", err)
	}
	if earlier.Request != hash {
		return nil, store.NewInvalidError(store.FieldError{
			Field: idempotencyHeader, Code: store.CodeReused, Message: "this key was used for another request; choose a new key for each record",
		})
	}
	return &response{etag: earlier.ETag, location: earlier.Location, body: earlier.Body}, nil
}

// responseKey returns where a response is saved: each administrator, kind of record,
// owner and key has its own place.
func (a *api) responseKey(ctx context.Context, kind, key, owner string) string {
	username := a.sessions.Administrator(ctx).Username
	sum := sha256.Sum256([]byte(strings.Join([]string{username, kind, key, owner}, "\x00")))
	return hex.EncodeToString(sum[:])
}

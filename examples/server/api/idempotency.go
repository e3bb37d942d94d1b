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
	// idempotencyTTL is how long a response is saved, and secretTTL how long with what
	// is shown only once: a client that lost a response asks again immediately.
	idempotencyTTL = 24 * time.Hour
	secretTTL      = time.Minute
)

// savedResponse is the response to a creation, for a client that repeats the
// request.
type savedResponse struct {
	// Request is the hash of the body.
	Request  string          `json:"request"`
	ETag     string          `json:"etag"`
	Location string          `json:"location"`
	Body     json.RawMessage `json:"body"`
	// Sealed is the body with what is shown only once, encrypted for the session that
	// created the record, and valid until SecretUntil. It is nil if there is no secret.
	Sealed      []byte    `json:"sealed,omitempty"`
	SecretUntil time.Time `json:"secret_until,omitzero"`
}

// idempotent creates a record, or returns the response to the same request with the
// same key. prepare does what is slow, such as hashing a password, and returns the
// function that creates the record. Creating and saving the response are one
// transaction: of simultaneous requests one creates the record, and the others get
// its response. Errors are not saved. The owner is that of the record, where it has
// one.
func (a *api) idempotent(ctx context.Context, r *request, owner string, event audit.Event, prepare func() (create func(context.Context) (*response, error), err error)) (*response, error) {
	key := r.text(idempotencyHeader)
	if key != "" {
		key = a.responseKey(ctx, event.Kind, key, owner)
		if saved, err := a.savedResponse(ctx, r, key); saved != nil || err != nil {
			return saved, a.recordFailure(ctx, event, err)
		}
	}
	create, err := prepare()
	if err != nil {
		return nil, err
	}
	var answer *response
	err = a.runInTx(ctx, event, func(ctx context.Context) (err error) {
		if key == "" {
			answer, err = create(ctx)
			return err
		}
		answer, err = a.replayOrRun(ctx, r, key, create)
		return err
	})
	return answer, err
}

// replayOrRun returns the response that is saved by now, or creates the record and
// saves the response, in the transaction of ctx.
func (a *api) replayOrRun(ctx context.Context, r *request, key string, create func(context.Context) (*response, error)) (*response, error) {
	if saved, err := a.savedResponse(ctx, r, key); saved != nil || err != nil {
		return saved, err
	}
	created, err := create(ctx)
	if err != nil {
		return nil, err
	}
	data, err := a.encodeResponse(ctx, r, key, created)
	if err != nil {
		return nil, fmt.Errorf("saving the response: %w", err)
	}
	return created, a.app.TTLStore.Put(ctx, idempotencyKind, key, data, a.clock().Add(idempotencyTTL))
}

func (a *api) encodeResponse(ctx context.Context, r *request, key string, created *response) ([]byte, error) {
	saved := savedResponse{Request: r.bodyHash(), ETag: created.etag, Location: created.location}
	body, err := json.Marshal(created.body)
	if err != nil {
		return nil, err
	}
	if saved.Body = body; created.withoutSecret != nil {
		if saved.Body, err = json.Marshal(created.withoutSecret); err != nil {
			return nil, err
		}
		saved.Sealed, saved.SecretUntil = a.app.Seal(body, a.sealContext(ctx, key)), a.clock().Add(secretTTL)
	}
	return json.Marshal(saved)
}

// sealContext binds an encrypted response to its place and to the session.
func (a *api) sealContext(ctx context.Context, key string) string {
	session := sha256.Sum256([]byte(a.sessions.Token(ctx).Reveal()))
	return idempotencyKind + "/" + key + "/" + hex.EncodeToString(session[:])
}

// savedResponse returns the saved response to this request, nil if there is none.
func (a *api) savedResponse(ctx context.Context, r *request, key string) (*response, error) {
	saved, err := a.app.TTLStore.Get(ctx, idempotencyKind, key, a.clock())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var earlier savedResponse
	if err := json.Unmarshal(saved, &earlier); err != nil {
		return nil, fmt.Errorf("reading a saved response: %w", err)
	}
	if earlier.Request != r.bodyHash() {
		return nil, store.NewInvalidError(store.FieldError{
			Field: idempotencyHeader, Code: store.CodeReused, Message: "this key was used for another request; choose a new key for each record",
		})
	}
	answer := &response{etag: earlier.ETag, location: earlier.Location, body: earlier.Body}
	if earlier.Sealed != nil && a.clock().Before(earlier.SecretUntil) {
		if body, err := a.app.Unseal(earlier.Sealed, a.sealContext(ctx, key)); err == nil {
			answer.body = json.RawMessage(body)
		}
	}
	return answer, nil
}

// responseKey returns where a response is saved: each administrator, kind of record,
// owner and key has its own place. An administrator of the same name who was created
// later has another place, and so has one whose sessions ended or whose rights changed.
func (a *api) responseKey(ctx context.Context, kind, key, owner string) string {
	admin := a.sessions.Administrator(ctx)
	account := fmt.Sprint(admin.Username, admin.CreatedAt.UnixMicro(), admin.SessionEpoch, admin.Access, admin.Sections, admin.Extensions, admin.DIDs, admin.Teams)
	sum := sha256.Sum256([]byte(strings.Join([]string{account, kind, key, owner}, "\x00")))
	return hex.EncodeToString(sum[:])
}

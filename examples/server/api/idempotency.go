package api

import (
	"context"
	"encoding/json"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// idempotent creates a record, or returns the response to the same request with the
// same key, see [idempotency.Responses.Do]. The owner is that of the record, where it
// has one. Each administrator, kind of record, owner and key has its own response. An
// administrator of the same name who was created later has none of them, and neither
// has one whose sessions ended or whose rights changed.
func (a *api) idempotent(ctx context.Context, r *request, owner string, event audit.Event, prepare func() (create func(context.Context) (*response, error), err error)) (*response, error) {
	repeated := &idempotency.Request{
		Key: r.text(idempotencyHeader), Place: []string{a.sessions.Rights(ctx), event.Kind, owner}, Body: r.raw, Session: a.sessions.Token(ctx),
	}
	var rejected error // by the service, which has recorded it
	answer, err := a.responses.Do(ctx, repeated, func() (idempotency.Create, error) {
		var create func(context.Context) (*response, error)
		create, rejected = prepare()
		return func(ctx context.Context) (*idempotency.Response, error) {
			created, err := create(ctx)
			if err != nil {
				return nil, err
			}
			return created.saved()
		}, rejected
	})
	switch {
	case rejected != nil:
		return nil, rejected
	case err != nil:
		return nil, a.recordFailure(ctx, event, err)
	}
	return &response{etag: answer.ETag, location: answer.Location, body: answer.Body}, nil
}

// saved returns the response to a creation as it is saved.
func (o *response) saved() (_ *idempotency.Response, err error) {
	saved := &idempotency.Response{ETag: o.etag, Location: o.location}
	if saved.Body, err = json.Marshal(o.body); err == nil && o.withoutSecret != nil {
		saved.WithoutSecret, err = json.Marshal(o.withoutSecret)
	}
	return saved, err
}

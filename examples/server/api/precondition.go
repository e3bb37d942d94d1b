package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// computeETag returns a strong tag of a record: it changes with every change of what
// the record shows. It is empty for what has no JSON form.
func computeETag(record any) string {
	data, err := json.Marshal(record)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(data)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
}

// containsETag reports whether a header such as If-Match lists the tag, or is "*".
func containsETag(header, tag string) bool {
	for listed := range strings.SplitSeq(header, ",") {
		if listed = strings.TrimSpace(listed); listed == tag || listed == "*" {
			return true
		}
	}
	return false
}

// matchETag returns an error when the request has an If-Match without the tag.
func matchETag(r *request, tag string) error {
	if header := r.text(ifMatchHeader); header != "" && !containsETag(header, tag) {
		return &preconditionFailedError{}
	}
	return nil
}

// preconditionFailedError rejects a change of a record that no longer has the tag of
// If-Match.
type preconditionFailedError struct{}

// Error returns the message.
func (*preconditionFailedError) Error() string {
	return "the record has changed since you read it; read it again and repeat the change"
}

// Is reports whether target is [store.ErrConflict].
func (*preconditionFailedError) Is(target error) bool { return target == store.ErrConflict }

// ifMatch runs act, which must not do anything slow, if the record has a tag of
// If-Match. Comparison and act are one transaction.
func (e *endpoint[R]) ifMatch(ctx context.Context, r *request, action string, act func(ctx context.Context, key string) error) error {
	key := r.text(e.Key)
	if r.text(ifMatchHeader) == "" {
		return e.afterChange(act(ctx, key))
	}
	return e.afterChange(e.api.runInTx(ctx, e.newEvent(ctx, action, key), func(ctx context.Context) error {
		if err := e.precondition(r)(ctx); err != nil {
			return err
		}
		return act(ctx, key)
	}))
}

// precondition returns a check of If-Match for an operation that begins its own
// transaction, because it does something slow before.
func (e *endpoint[R]) precondition(r *request) func(context.Context) error {
	return func(ctx context.Context) error {
		if r.text(ifMatchHeader) == "" {
			return nil
		}
		result, err := e.Get(ctx, r.text(e.Key))
		if err != nil {
			return err
		}
		return matchETag(r, e.etag(result))
	}
}

// newAuditEvent begins an entry of the audit log. A text that cannot be a name is
// not recorded: it may be a password in the wrong field.
func newAuditEvent(action, kind, name string) audit.Event {
	if name = username.Normalize(name); !username.Valid(name) {
		name = ""
	}
	return audit.Event{Action: action, Kind: kind, Key: name}
}

// runInTx runs act in one transaction, which all services join. The transaction
// rolls back what the services recorded of a failure, so it is recorded here.
func (a *api) runInTx(ctx context.Context, event audit.Event, act func(context.Context) error) error {
	return a.recordFailure(ctx, event, a.app.TTLStore.RunInTx(ctx, act))
}

// recordFailure records err, unless it is nil, and returns it.
func (a *api) recordFailure(ctx context.Context, event audit.Event, err error) error {
	if err != nil {
		a.app.AuditLog.RecordFailure(ctx, event, err)
	}
	return err
}

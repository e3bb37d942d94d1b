package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
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

// preconditionFailedError refuses a change of a record that is not the one of If-Match any
// more.
type preconditionFailedError struct{}

func (*preconditionFailedError) Error() string {
	return "somebody else has changed this record since; read it again, and make the change anew"
}

// Is reports whether target is [store.ErrConflict].
func (*preconditionFailedError) Is(target error) bool { return target == store.ErrConflict }

// recordOutput is one record, with its tag.
type recordOutput[T any] struct {
	Status int
	ETag   string `doc:"Changes with every change of the record; for If-Match and If-None-Match." header:"ETag"`
	Body   T
}

// record answers with a record.
func record[T any](body T, etag string) *recordOutput[T] {
	return &recordOutput[T]{Status: http.StatusOK, ETag: etag, Body: body}
}

// ifNoneMatch answers 304 when the visitor has the record already.
func (o *recordOutput[T]) ifNoneMatch(ifNoneMatch string) *recordOutput[T] {
	if containsETag(strings.ReplaceAll(ifNoneMatch, "W/", ""), o.ETag) {
		o.Status = http.StatusNotModified
	}
	return o
}

// createdOutput is a record that was made.
type createdOutput[T any] struct {
	ETag     string `doc:"Changes with every change of the record; for If-Match and If-None-Match." header:"ETag"`
	Location string `doc:"The path of the record."                                                  header:"Location"`
	Body     T
}

// noOutput is an answer without a body.
type noOutput struct{}

// IfMatch is the precondition of a change.
type IfMatch struct {
	IfMatch string `doc:"The ETag of the record that the change is made for: another is refused with 412. Without it the change is made whatever the record is by now." header:"If-Match"`
}

// newAuditEvent is an act for the audit trail. What can be no name, of an account
// neither, may be a password in the wrong field: it is not kept.
func newAuditEvent(action, kind, name string) audit.Event {
	if name = username.Normalize(name); !username.Valid(name) {
		name = ""
	}
	return audit.Event{Action: action, Kind: kind, Key: name}
}

// runInTx runs act in one transaction of the database, which all services
// join. The transaction takes what the services kept of a refusal with it, so
// that is kept here.
func (a *api) runInTx(ctx context.Context, event audit.Event, act func(context.Context) error) error {
	err := a.app.TTLStore.RunInTx(ctx, act)
	if err != nil {
		a.app.AuditLog.RecordFailure(ctx, event, err)
	}
	return err
}

// ifMatch runs act when the tag that current returns is the one that the
// visitor named, or when none was named. Comparison and act are one
// transaction.
func (a *api) ifMatch(ctx context.Context, condition IfMatch, event audit.Event, current func(context.Context) (string, error), act func(context.Context) error) error {
	if condition.IfMatch == "" {
		return act(ctx)
	}
	return a.runInTx(ctx, event, func(ctx context.Context) error {
		if err := checkIfMatch(ctx, condition, current); err != nil {
			return err
		}
		return act(ctx)
	})
}

// checkIfMatch refuses when the tag that current returns is not the one that the
// visitor named, if one was named.
func checkIfMatch(ctx context.Context, condition IfMatch, current func(context.Context) (string, error)) error {
	if condition.IfMatch == "" {
		return nil
	}
	tag, err := current(ctx)
	if err != nil {
		return err
	}
	if !containsETag(condition.IfMatch, tag) {
		return &preconditionFailedError{}
	}
	return nil
}

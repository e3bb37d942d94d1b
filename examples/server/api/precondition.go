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

// withoutWeak makes weak tags of a header strong: If-None-Match compares them alike.
func withoutWeak(header string) string { return strings.ReplaceAll(header, "W/", "") }

// preconditionFailedError rejects a change of a record that no longer has the tag of
// If-Match.
type preconditionFailedError struct{}

// Error returns the message.
func (*preconditionFailedError) Error() string {
	return "the record has changed since you read it; read it again and repeat the change"
}

// Is reports whether target is [store.ErrConflict].
func (*preconditionFailedError) Is(target error) bool { return target == store.ErrConflict }

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

// ifMatch runs act when the tag that current returns is one of ifMatch, or when
// ifMatch is empty. Comparison and act are one transaction.
func (a *api) ifMatch(ctx context.Context, ifMatch string, event audit.Event, current func(context.Context) (string, error), act func(context.Context) error) error {
	if ifMatch == "" {
		return act(ctx)
	}
	return a.runInTx(ctx, event, func(ctx context.Context) error {
		if err := checkIfMatch(ctx, ifMatch, current); err != nil {
			return err
		}
		return act(ctx)
	})
}

// checkIfMatch returns an error when ifMatch is not empty and does not list the tag
// that current returns.
func checkIfMatch(ctx context.Context, ifMatch string, current func(context.Context) (string, error)) error {
	if ifMatch == "" {
		return nil
	}
	tag, err := current(ctx)
	if err != nil {
		return err
	}
	if !matchesETag(ifMatch, tag) {
		return &preconditionFailedError{}
	}
	return nil
}

// matchesETag reports whether If-Match lists the tag, or is absent.
func matchesETag(ifMatch, tag string) bool { return ifMatch == "" || containsETag(ifMatch, tag) }

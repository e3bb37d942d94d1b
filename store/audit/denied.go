package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// recordTimeout bounds how long a failed request waits for its audit entry.
const recordTimeout = 5 * time.Second

// Reasoner is an error that adds details for the audit log, such as the step at
// which an apply failed.
type Reasoner interface {
	error
	// AuditReason returns codes or names of fields, and never a submitted value.
	AuditReason() string
}

// RecordFailure records that event was denied or failed because of err. The entry
// has the kind of the error and the names and codes of fields, such as "invalid:
// secret (min)". It has no values, and no Before, After or State. It has no Key if err
// is that there is no such record: the text given as a name may be a password. An
// error that is not a domain error of package store is recorded as "failed", and its
// text goes to the logger. RecordFailure works after ctx has ended. If the audit log
// cannot be written, it writes to the logger.
func (l *Log) RecordFailure(ctx context.Context, event Event, err error) {
	if l == nil || err == nil {
		return
	}
	outcome, reason := outcomeOf(err)
	bare := Event{Action: event.Action, Kind: event.Kind, Key: event.Key, Extensions: event.Extensions}
	if missing, ok := errors.AsType[*store.NotFoundError](err); ok && missing.Kind == event.Kind {
		bare.Key = ""
	}
	e, _ := l.newEntry(ctx, bare, outcome, reason) // only a record could fail
	if outcome == Failed {
		l.logger.ErrorContext(ctx, "an operation failed", "action", e.Action, "kind", e.Kind, "key", e.Key, "error", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := l.append(ctx, e, nil); err != nil {
		l.logger.ErrorContext(ctx, "the audit log cannot be written", "action", e.Action, "kind", e.Kind, "key", e.Key,
			"outcome", string(outcome), "reason", e.Reason, "actor", e.Actor.Name, "remote_addr", e.Actor.Origin(), "error", err)
	}
}

// outcomeOf returns the outcome of an operation with this error, and a reason
// without submitted values.
func outcomeOf(err error) (outcome Outcome, reason string) {
	outcome, reason = Failed, "failed"
	if code, rejected := store.RejectionCode(err); rejected {
		outcome, reason = Denied, code
	}
	if details := errorDetails(err); details != "" {
		reason += ": " + details
	}
	return outcome, reason
}

func errorDetails(err error) string {
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		fields := make([]string, len(invalid.Fields))
		for i, field := range invalid.Fields {
			fields[i] = strings.TrimSpace(field.Field + " (" + field.Code + ")")
		}
		return strings.Join(fields, ", ")
	}
	if exists, ok := errors.AsType[*store.AlreadyExistsError](err); ok {
		return exists.Field
	}
	if reasoner, ok := errors.AsType[Reasoner](err); ok {
		return reasoner.AuditReason()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return ""
}

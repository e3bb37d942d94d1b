package audit

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// recordTimeout bounds how long a request that was refused waits until that
// is kept.
const recordTimeout = 5 * time.Second

// Reasoner is an error that tells the trail more than its kind, such as the
// step at which an apply failed.
type Reasoner interface {
	error
	// AuditReason returns codes or names of fields, and never a value that
	// was submitted.
	AuditReason() string
}

// RecordFailure keeps that event was refused or failed because of err: its
// kind, and the names and codes of fields, such as "invalid: secret (min)",
// but no value and neither Before, After nor Sealed. What is no refusal of
// package store is "failed", and its text goes to the log. It does so also
// when ctx has ended. It writes the log when the trail cannot be written.
func (l *Log) RecordFailure(ctx context.Context, event Event, err error) {
	if l == nil || err == nil {
		return
	}
	outcome, reason := outcomeOf(err)
	bare := Event{Action: event.Action, Kind: event.Kind, Key: event.Key}
	e, _ := l.newEntry(ctx, bare, outcome, reason) // only a record could fail
	if outcome == Failed {
		l.logger.ErrorContext(ctx, "an act failed", "action", e.Action, "kind", e.Kind, "key", e.Key, "error", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTimeout)
	defer cancel()
	if err := l.append(ctx, e, nil); err != nil {
		l.logger.ErrorContext(ctx, "the audit log cannot be written", "action", e.Action, "kind", e.Kind, "key", e.Key,
			"outcome", string(outcome), "reason", e.Reason, "actor", e.Actor.Name, "remote_addr", e.Actor.Origin(), "error", err)
	}
}

// outcomeOf returns how an act ended that returned err, and why in words that hold
// nothing that was submitted.
func outcomeOf(err error) (outcome Outcome, reason string) {
	outcome, reason = Failed, "failed"
	for _, mapping := range []struct {
		is   error
		word string
	}{
		{store.ErrInvalid, "invalid"},
		{store.ErrAlreadyExists, "already_exists"},
		{store.ErrNotFound, "not_found"},
		{store.ErrInUse, "in_use"},
		{store.ErrConflict, "conflict"},
		{store.ErrForbidden, "forbidden"},
		{store.ErrRateLimited, "rate_limited"},
	} {
		if errors.Is(err, mapping.is) {
			outcome, reason = Denied, mapping.word
			break
		}
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

package ampusers

import (
	"context"
	"encoding/json"
	"time"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store/audit"
)

// newEvent returns an audit event. Text that is not a username may be a password
// typed into the wrong field, and is left out.
func newEvent(action, username string) audit.Event {
	return audit.Event{Action: action, Kind: kind, Key: canonicalUsername(username)}
}

// changeEvent returns the audit event of a change. before is nil for a new
// administrator, after for a deleted one.
func changeEvent(action string, before, after *Administrator) audit.Event {
	event := audit.Event{Action: action, Kind: kind}
	if before != nil {
		event.Key, event.Before, event.PriorState = before.Username, redact(before), auditState(before)
	}
	if after != nil {
		event.Key, event.After, event.State = after.Username, redact(after), auditState(after)
	}
	return event
}

// canonicalUsername returns a typed username in the form in which it is stored, or
// "" if it is not a username.
func canonicalUsername(input string) string {
	if len(input) > maxTextBytes {
		return ""
	}
	if input = username.Normalize(input); !username.Valid(input) {
		return ""
	}
	return input
}

// AuditScope returns a function that reports whether the actor of
// [Service.ForActor] may read an audit entry about an administrator, as of the
// transaction of ctx. The actor must cover the administrator as of now, before and
// after the operation, see [Administrator.Covers]. If the administrator no longer
// exists, the entry must show its record. Entries about the actor are in scope.
// Without an actor, all entries about administrators are.
func (s *Service) AuditScope(ctx context.Context) (func(e *audit.Entry) bool, error) {
	actor, err := s.loadActor(ctx)
	if err != nil {
		return nil, err
	}
	if actor == nil {
		return func(e *audit.Entry) bool { return e.Kind == kind }, nil
	}
	subjects := map[string]auditSubject{}
	err = s.store.EachAdministrator(ctx, func(a *Administrator) error {
		own := FoldUsername(a.Username) == FoldUsername(actor.Username)
		subjects[FoldUsername(a.Username)] = auditSubject{createdAt: a.CreatedAt, own: own, inScope: actor.authorizeTarget(a) == nil}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return func(e *audit.Entry) bool { return e.Kind == kind && actor.mayReadEntry(subjects, e) }, nil
}

// auditSubject is an administrator that audit entries are about.
type auditSubject struct {
	createdAt    time.Time
	own, inScope bool
}

// mayReadEntry reports whether an entry about one of these administrators is in
// scope.
func (a *actor) mayReadEntry(subjects map[string]auditSubject, e *audit.Entry) bool {
	subject, exists := subjects[FoldUsername(e.Key)]
	// An earlier administrator may have had the same username.
	exists = exists && !e.Time.Before(subject.createdAt)
	switch {
	case exists && subject.own:
		return true
	case exists && !subject.inScope:
		return false
	case !exists && e.Before == nil && e.After == nil:
		return false
	}
	return a.coversRecord(e.Before) && a.coversRecord(e.After)
}

// coversRecord reports whether the actor covers the administrator that an audit
// entry shows; nil is none.
func (a *actor) coversRecord(record json.RawMessage) bool {
	if record == nil {
		return true
	}
	var shown Administrator
	return json.Unmarshal(record, &shown) == nil && a.authorizeTarget(&shown) == nil
}

// AuditSource returns the source of administrators for [audit.Log.Verify].
func (s *Service) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: kind, Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		return s.store.EachAdministrator(ctx, func(a *Administrator) error { return visit(a.Username, auditState(a)) })
	}}
}

package extension

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/store/audit"
)

// newEvent returns the event of an operation. The key is empty unless number has only
// digits: the caller may have put a secret in the wrong field.
func (s *Service) newEvent(action, number string) audit.Event {
	event := audit.Event{Action: action, Kind: Kind}
	if number != "" && len(number) <= MaxNumberLength && strings.Trim(number, "0123456789") == "" {
		event.Key, event.Extensions = audit.TeamKey(s.store.Team(), number), []string{number}
	}
	return event
}

// recordChange records a change in the transaction of ctx. before is nil for a new
// extension, and after is nil for a deleted one.
func (s *Service) recordChange(ctx context.Context, r *audit.Recorder, before, after *Extension) error {
	event := s.newEvent(r.Intent.Action, numberOf(before, after))
	if before != nil {
		event.PriorState, event.Before = auditState(before), withoutSecrets(before.Clone())
	}
	if after != nil {
		event.State, event.After = auditState(after), withoutSecrets(after.Clone())
	}
	return r.Record(ctx, event)
}

func numberOf(before, after *Extension) string {
	if after != nil {
		return after.Number
	}
	return before.Number
}

// AuditSource returns the extensions of the team for [audit.Log.Verify].
func (s *Service) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: Kind, Team: s.store.Team(), Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		return s.store.EachExtension(ctx, func(e *Extension) error {
			return visit(audit.TeamKey(s.store.Team(), e.Number), auditState(e))
		})
	}}
}

// extensionState is everything that is stored of an extension, with the secrets of its
// devices. Zero fields are left out, so that a field can be added.
type extensionState struct {
	Fields      map[string]any `json:"fields,omitempty"`
	Devices     []deviceState  `json:"devices,omitempty"`
	LastOrdinal int            `json:"last_ordinal,omitempty"`
	CreatedAt   int64          `json:"created_at,omitempty"`
	UpdatedAt   int64          `json:"updated_at,omitempty"`
}

type deviceState struct {
	Ordinal         int    `json:"ordinal"`
	Label           string `json:"label,omitempty"`
	Secret          []byte `json:"secret"`
	SecretChangedAt int64  `json:"secret_changed_at,omitempty"`
}

// auditState returns e for [audit.Event].State.
func auditState(e *Extension) []byte {
	devices := make([]deviceState, len(e.Devices))
	for i, d := range e.Devices {
		devices[i] = deviceState{d.Ordinal, d.Label, []byte(d.Secret.Reveal()), audit.StateTime(d.SecretChangedAt)}
	}
	return audit.MarshalState(extensionState{
		Fields: Fields().Snapshot(e), Devices: devices, LastOrdinal: e.LastOrdinal,
		CreatedAt: audit.StateTime(e.CreatedAt), UpdatedAt: audit.StateTime(e.UpdatedAt),
	})
}

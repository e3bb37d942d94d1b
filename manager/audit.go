package manager

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// mutate runs fn, which writes with the last of its calls, together with its entry
// of the audit trail, if there is one.
func (s *Service) mutate(ctx context.Context, event audit.Event, fn func(ctx context.Context, event *audit.Event) error) error {
	if s.audit == nil {
		return fn(ctx, nil)
	}
	return s.audit.Do(ctx, s.store, event, fn)
}

// newEvent begins an entry of the trail. What can be no name may be a secret in
// the wrong field: it is not kept.
func newEvent(action, name string) audit.Event {
	if !namePattern.MatchString(name) {
		name = ""
	}
	return audit.Event{Action: action, Kind: kind, Key: name}
}

// setAfter says what the account is after the act. The event is nil when
// there is no trail.
func setAfter(event *audit.Event, a *Account) (err error) {
	if event == nil {
		return nil
	}
	event.State, err = auditState(a)
	event.Key, event.After = a.Name, withoutSecret(a.Clone())
	return err
}

// loadBefore says what the account is that is about to go. One whose secret
// cannot be opened any more may go too.
func (s *Service) loadBefore(ctx context.Context, event *audit.Event, name string) error {
	if event == nil {
		return nil
	}
	a, err := s.store.Account(ctx, name)
	unknown := (*store.UnknownKeyError)(nil)
	if errors.Is(err, store.ErrDecrypt) || errors.As(err, &unknown) {
		a, err = &Account{Name: name}, nil
	}
	if err != nil {
		return err
	}
	return setBefore(event, a)
}

// setBefore says what the account was before the act. The event is nil
// when there is no trail.
func setBefore(event *audit.Event, a *Account) (err error) {
	if event == nil {
		return nil
	}
	event.PriorState, err = auditState(a)
	event.Key, event.Before = a.Name, withoutSecret(a.Clone())
	return err
}

// AuditSource are the AMI accounts, for [audit.Log.Verify].
func (s *Service) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: kind, Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		return s.store.EachAccount(ctx, func(a *Account) error {
			state, err := auditState(a)
			if err != nil {
				return err
			}
			return visit(a.Name, state)
		})
	}}
}

// auditState returns all that an account holds, its secret included, as the audit
// trail takes the fingerprint of it. Fields that hold nothing are left out, so
// that a field that a later version adds changes no fingerprint.
func auditState(a *Account) ([]byte, error) {
	encoded, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return nil, err
	}
	if fields["secret"], err = json.Marshal([]byte(a.Secret.Reveal())); err != nil {
		return nil, err
	}
	for name, value := range fields {
		if slices.Contains([]string{"null", "[]", `""`, "0", "false", `"0001-01-01T00:00:00Z"`}, string(value)) {
			delete(fields, name)
		}
	}
	return json.Marshal(fields)
}

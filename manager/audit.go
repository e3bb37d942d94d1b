package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// newEvent returns the event of an operation. The key is empty unless name is
// valid: the caller may have put a secret in the wrong field.
func newEvent(action, name string) audit.Event {
	if !namePattern.MatchString(name) {
		name = ""
	}
	return audit.Event{Action: action, Kind: kind, Key: name}
}

// recordChange records a change in the transaction of ctx. before is nil for a
// new account, and after is nil for a deleted one.
func recordChange(ctx context.Context, r *audit.Recorder, before, after *Account) (err error) {
	event := audit.Event{Action: r.Intent.Action, Kind: kind}
	if before != nil {
		event.Key, event.Before = before.Name, withoutSecret(before.Clone())
		if event.PriorState, err = auditState(before); err != nil {
			return err
		}
	}
	if after != nil {
		event.Key, event.After = after.Name, withoutSecret(after.Clone())
		if event.State, err = auditState(after); err != nil {
			return err
		}
	}
	return r.Record(ctx, event)
}

// loadDeleted reads the account to delete. If its secret cannot be decrypted,
// it returns the account with its name only, so that it can be deleted.
func (s *Service) loadDeleted(ctx context.Context, name string) (*Account, error) {
	a, err := s.store.Account(ctx, name)
	unknown := (*store.UnknownKeyError)(nil)
	if errors.Is(err, store.ErrDecrypt) || errors.As(err, &unknown) {
		return &Account{Name: name}, nil
	}
	return a, err
}

// AuditSource returns the AMI accounts for [audit.Log.Verify].
func (s *Service) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: kind, Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		return s.store.EachAccount(ctx, func(a *Account) error {
			state, err := auditState(a)
			if err != nil { // a time that has no JSON form
				return fmt.Errorf("%q: %w", a.Name, store.ErrCorrupt)
			}
			return visit(a.Name, state)
		})
	}}
}

// auditState returns the complete account, including its secret, for the hash
// of the audit log. It omits empty fields, so that new fields of later versions
// do not change old hashes.
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

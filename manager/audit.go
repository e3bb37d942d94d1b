package manager

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// act runs fn, which writes with the last of its calls, together with its entry
// of the audit trail, if there is one.
func (s *Service) act(ctx context.Context, event audit.Event, fn func(ctx context.Context, event *audit.Event) error) error {
	if s.audit == nil {
		return fn(ctx, nil)
	}
	return s.audit.ActOnce(ctx, s.store, event, fn)
}

// eventOf begins an entry of the trail. What can be no name may be a secret in
// the wrong field: it is not kept.
func eventOf(action, name string) audit.Event {
	if !namePattern.MatchString(name) {
		name = ""
	}
	return audit.Event{Action: action, Kind: kind, Key: name}
}

// endingWith says what the account is after the act. The event is nil when
// there is no trail.
func endingWith(event *audit.Event, u *User) (err error) {
	if event == nil {
		return nil
	}
	event.Sealed, err = sealed(u)
	event.Key, event.After = u.Name, withoutSecret(u.Clone())
	return err
}

// beginning says what the account is that is about to go. One whose secret
// cannot be opened any more may go too.
func (s *Service) beginning(ctx context.Context, event *audit.Event, name string) error {
	if event == nil {
		return nil
	}
	u, err := s.store.User(ctx, name)
	unknown := (*store.UnknownKeyError)(nil)
	if errors.Is(err, store.ErrUnsealable) || errors.As(err, &unknown) {
		u, err = &User{Name: name}, nil
	}
	if err != nil {
		return err
	}
	return beginningWith(event, u)
}

// beginningWith says what the account was before the act. The event is nil
// when there is no trail.
func beginningWith(event *audit.Event, u *User) (err error) {
	if event == nil {
		return nil
	}
	event.SealedBefore, err = sealed(u)
	event.Key, event.Before = u.Name, withoutSecret(u.Clone())
	return err
}

// AuditRecords are the AMI accounts, for [audit.Trail.Verify].
func (s *Service) AuditRecords() audit.Records {
	return audit.Records{Kind: kind, Each: func(ctx context.Context, visit func(key string, sealed []byte) error) error {
		return s.store.EachUser(ctx, func(u *User) error {
			sealed, err := sealed(u)
			if err != nil {
				return err
			}
			return visit(u.Name, sealed)
		})
	}}
}

// sealed returns all that an account holds, its secret included, as the audit
// trail takes the fingerprint of it. Fields that hold nothing are left out, so
// that a field that a later version adds changes no fingerprint.
func sealed(u *User) ([]byte, error) {
	text, err := json.Marshal(u)
	if err != nil {
		return nil, err
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	if fields["secret"], err = json.Marshal([]byte(u.Secret.Reveal())); err != nil {
		return nil, err
	}
	for name, value := range fields {
		if slices.Contains([]string{"null", "[]", `""`, "0", "false", `"0001-01-01T00:00:00Z"`}, string(value)) {
			delete(fields, name)
		}
	}
	return json.Marshal(fields)
}

package apitoken

import (
	"context"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// records reads and writes the tokens of a store and records their changes.
type records struct {
	store Store
	opts  Options // with defaults
}

func newRecords(st Store, opts *Options) records { return records{st, opts.withDefaults()} }

// now returns the time as the store keeps it.
func (r records) now() time.Time { return r.opts.Clock().UTC().Truncate(time.Microsecond) }

// each calls visit for every token of a user, or for every token if userID is
// empty, in the order of their IDs. It stops at the first error. visit may change
// the token in the store.
func (r records) each(ctx context.Context, userID store.UserID, visit func(*Token) error) error {
	for page := (store.PageRequest{Limit: store.MaxPageLimit}); ; {
		list, err := r.store.ListTokens(ctx, userID, page)
		if err != nil {
			return err
		}
		for _, t := range list.Items {
			if err := visit(t); err != nil {
				return err
			}
		}
		if page.After = list.Next; page.After == "" {
			return nil
		}
	}
}

// save replaces before with after in the transaction of ctx and records the change
// with the extensions of the owner. It sets UpdatedAt, and the counters to those of the
// store.
func (r records) save(ctx context.Context, rec *audit.Recorder, action string, before, after *Token, extensions []string) error {
	after.UpdatedAt = r.now()
	err := r.store.UpdateToken(ctx, before.ID, func(t *Token) error {
		after.HourStartedAt, after.HourRequests, after.LastUsedAt = t.HourStartedAt, t.HourRequests, t.LastUsedAt
		*t = *after.Clone()
		return nil
	})
	if err != nil {
		return err
	}
	return rec.Record(ctx, r.changeEvent(action, before, after, extensions))
}

// event returns the audit event of an action on the token of that ID. A text that
// is not an ID may be a key in the wrong field: the event does not have it.
func (r records) event(action string, id ID) audit.Event {
	event := audit.Event{Action: action, Kind: Kind}
	if id.isValid() {
		event.Key = audit.TeamKey(r.store.Team(), string(id))
	}
	return event
}

// changeEvent returns the audit event of a change. before is nil for a new token,
// after for a deleted one. extensions are those of the owner.
func (r records) changeEvent(action string, before, after *Token, extensions []string) audit.Event {
	event := audit.Event{Extensions: extensions}
	if before != nil {
		event.Action, event.Kind, event.Key = action, Kind, audit.TeamKey(r.store.Team(), string(before.ID))
		event.Before, event.PriorState = redact(before), auditState(before)
	}
	if after != nil {
		event.Action, event.Kind, event.Key = action, Kind, audit.TeamKey(r.store.Team(), string(after.ID))
		event.After, event.State = redact(after), auditState(after)
	}
	return event
}

// auditState returns t for [audit.Event].State, without the counters of requests:
// requests are not recorded.
func auditState(t *Token) []byte {
	return audit.MarshalState(struct {
		ID              ID             `json:"id,omitempty"`
		UserID          store.UserID   `json:"user_id,omitempty"`
		Description     string         `json:"description,omitempty"`
		Disabled        bool           `json:"disabled,omitempty"`
		Extensions      []string       `json:"extensions,omitempty"`
		Modules         []string       `json:"modules,omitempty"`
		RequestsPerHour int            `json:"requests_per_hour,omitempty"`
		Addresses       []netip.Prefix `json:"addresses,omitempty"`
		ExpiresAt       int64          `json:"expires_at,omitempty"`
		KeyHash         []byte         `json:"key_hash,omitempty"`
		CreatedAt       int64          `json:"created_at,omitempty"`
		UpdatedAt       int64          `json:"updated_at,omitempty"`
		KeyCreatedAt    int64          `json:"key_created_at,omitempty"`
		KeyCreator      string         `json:"key_creator,omitempty"`
	}{
		t.ID, t.UserID, t.Description, t.Disabled, t.Extensions, t.Modules, t.RequestsPerHour, t.Addresses, audit.StateTime(t.ExpiresAt),
		t.KeyHash, audit.StateTime(t.CreatedAt), audit.StateTime(t.UpdatedAt), audit.StateTime(t.KeyCreatedAt),
		t.KeyCreator.String(),
	})
}

// log logs an operation on t.
func (r records) log(ctx context.Context, action string, t *Token) {
	r.opts.Logger.InfoContext(ctx, Kind+": "+action, "id", t.ID, "user_id", t.UserID, "team", r.store.Team())
}

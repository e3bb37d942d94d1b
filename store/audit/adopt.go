package audit

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Adopt tells the trail of every record of the given kinds that it has never
// been told of, such as those from before the trail began, and returns which
// they were. Whoever calls vouches for them: look at what [Trail.Verify] finds
// before. What was changed behind the trail's back, or deleted and added again,
// is not adopted. All are adopted, or none.
func (t *Trail) Adopt(ctx context.Context, records ...Records) ([]store.Reference, error) {
	adopted := []store.Reference{}
	if t == nil {
		return adopted, nil
	}
	err := t.store.Atomically(ctx, func(ctx context.Context) error {
		adopted = adopted[:0] // this may run more than once
		for _, of := range records {
			unknown, err := t.unknown(ctx, of)
			if err != nil {
				return err
			}
			for _, event := range unknown {
				if err := t.Record(ctx, event); err != nil {
					return err
				}
				adopted = append(adopted, store.Reference{Kind: event.Kind, Key: event.Key})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return adopted, nil
}

// unknown returns the events that adopt the records of one kind of which the
// trail says nothing.
func (t *Trail) unknown(ctx context.Context, of Records) ([]Event, error) {
	var events []Event
	err := of.Each(ctx, func(key string, sealed []byte) error {
		last, err := t.lastWord(ctx, clean(of.Kind, maxText), clean(key, maxText))
		if err == nil && last == nil {
			events = append(events, Event{Action: ActionAdopt, Kind: of.Kind, Key: key, Sealed: slices.Clone(sealed)})
		}
		return err
	})
	return events, err
}

package audit

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Baseline tells the trail of every record of the given kinds that it has never
// been told of, such as those from before the trail began, and returns which
// they were. Whoever calls vouches for them: look at what [Log.Verify] finds
// before. What was changed behind the trail's back, or deleted and added again,
// is not adopted. All are adopted, or none.
func (l *Log) Baseline(ctx context.Context, records ...RecordSource) ([]store.Reference, error) {
	baselined := []store.Reference{}
	if l == nil {
		return baselined, nil
	}
	err := l.store.RunInTx(ctx, func(ctx context.Context) error {
		baselined = baselined[:0] // this may run more than once
		for _, source := range records {
			events, err := l.untracked(ctx, source)
			if err != nil {
				return err
			}
			for _, event := range events {
				if err := l.Record(ctx, event); err != nil {
					return err
				}
				baselined = append(baselined, store.Reference{Kind: event.Kind, Key: event.Key})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return baselined, nil
}

// untracked returns the events that adopt the records of one kind of which the
// trail says nothing.
func (l *Log) untracked(ctx context.Context, source RecordSource) ([]Event, error) {
	var events []Event
	err := source.Each(ctx, func(key string, state []byte) error {
		last, err := l.lastState(ctx, sanitize(source.Kind, maxText), sanitize(key, maxText))
		if err == nil && last == nil {
			events = append(events, Event{Action: ActionBaseline, Kind: source.Kind, Key: key, State: slices.Clone(state)})
		}
		return err
	})
	return events, err
}

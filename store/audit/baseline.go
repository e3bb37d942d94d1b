package audit

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Baseline records every record of the given kinds that the audit log does not
// know, such as records from before the log began. It returns them. The caller
// vouches for them, and should call [Log.Verify] first. Baseline does not accept
// records that were modified outside the program, or deleted and added again. It
// accepts all others or, after an error, none.
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

// untracked returns the baseline events of the records of one kind that the audit
// log does not know.
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

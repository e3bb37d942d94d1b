package settings

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
)

// Save changes settings and returns what is saved then. revision is the revision of the values
// that the caller has read: if another save came since, Save returns a
// [store.ConflictError] and changes nothing. It returns an error wrapping
// [store.ErrInvalid] for an unknown setting, a value of another kind, a secret that must
// be entered again (see [Definition].SentTo, code [store.CodeReenter]), and for what
// [Options].Validate rejects.
func (s *Service) Save(ctx context.Context, revision int64, changes Changes) (*Saved, error) {
	intent := audit.Event{Action: "update", Kind: Kind, Key: Key}
	before, err := s.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.apply(ctx, before, changes)
	if err != nil {
		s.opts.Audit.RecordFailure(ctx, intent, err)
		return nil, err
	}
	if before.Revision == revision && s.changedNames(before, after) == nil {
		return &Saved{Revision: revision, Values: s.parse(before)}, nil
	}
	after.Revision, after.UpdatedAt = revision+1, s.opts.Clock().UTC().Truncate(time.Microsecond)
	err = s.opts.Audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		if err := s.store.PutSettings(ctx, after); err != nil {
			return err
		}
		return r.Record(ctx, s.event(intent, before, after))
	})
	if err != nil {
		return nil, err
	}
	s.opts.Logger.InfoContext(ctx, "settings changed", "names", s.changedNames(before, after))
	return &Saved{Revision: after.Revision, Values: s.parse(after)}, nil
}

// Preview returns the values that [Service.Save] would save, without saving them. It
// returns the errors of Save, and records nothing. It is for tests of a connection: a
// secret is sent to another server only if it was entered again.
func (s *Service) Preview(ctx context.Context, changes Changes) (map[string]field.Value, error) {
	before, err := s.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.apply(ctx, before, changes)
	if err != nil {
		return nil, err
	}
	return s.parse(after), nil
}

// apply returns a copy of a record with the changes, or an error if they break a rule.
func (s *Service) apply(ctx context.Context, before *Record, changes Changes) (*Record, error) {
	after := before.Clone()
	if after.Values == nil {
		after.Values = map[string]store.Secret{}
	}
	var errs []store.FieldError
	for _, name := range changes.names() {
		value, set := changes.Set[name]
		d, known := s.byName[name]
		switch {
		case !known:
			errs = append(errs, store.FieldError{Field: name, Code: store.CodeUnknownField, Message: "there is no setting of this name"})
		case !set:
			delete(after.Values, name)
		case value.Kind() != d.Kind:
			errs = append(errs, store.FieldError{Field: name, Code: store.CodeType, Message: "this must be a " + string(d.Kind)})
		default:
			after.Values[name] = store.NewSecret(value.String())
		}
	}
	errs = append(errs, s.secretsToReenter(before, after, changes)...)
	var err error
	if s.opts.Validate != nil && len(errs) == 0 {
		err = s.opts.Validate(ctx, s.parse(after))
	}
	return after, store.AddFieldErrors(err, errs...)
}

// secretsToReenter returns an error for each saved secret that another server would
// receive.
func (s *Service) secretsToReenter(before, after *Record, changes Changes) []store.FieldError {
	changed := s.changedNames(before, after)
	var errs []store.FieldError
	for _, d := range s.definitions {
		_, entered := changes.Set[d.Name]
		_, kept := after.Values[d.Name]
		if kept && !entered && slices.ContainsFunc(d.SentTo, func(name string) bool { return slices.Contains(changed, name) }) {
			errs = append(errs, store.FieldError{
				Field: d.Name, Code: store.CodeReenter, Message: "enter it again: the connection changed, and the other server would receive the saved one",
			})
		}
	}
	return errs
}

// changedNames returns the names of the settings in which two records differ, sorted.
func (s *Service) changedNames(before, after *Record) []string {
	all := maps.Clone(after.Values)
	maps.Copy(all, before.Values)
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		was, saved := before.Values[name]
		is, saves := after.Values[name]
		if saved != saves || !was.Equal(is) {
			names = append(names, name)
		}
	}
	return names
}

// event returns the event of a change. It has the settings that changed, and of a secret
// only that it changed.
func (s *Service) event(intent audit.Event, before, after *Record) audit.Event {
	names := s.changedNames(before, after)
	intent.State, intent.PriorState = after.auditState(), before.auditState()
	intent.After = s.visible(after, names, "new secret")
	if before.Revision > 0 {
		intent.Before = s.visible(before, names, "secret")
	}
	return intent
}

// visible returns the values of these settings for the audit log.
func (s *Service) visible(r *Record, names []string, secret string) map[string]any {
	values, visible := s.parse(r), map[string]any{}
	for _, name := range names {
		value, saved := values[name]
		switch {
		case !saved:
		case s.byName[name].Secret:
			visible[name] = secret
		default:
			visible[name] = value.Any()
		}
	}
	return visible
}

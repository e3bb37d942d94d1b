package userman

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

// mutation changes the record of a person as the store keeps it, credentials
// included, in the transaction of ctx. It may run more than once. Other records
// it writes as its last step, or not at all: where it refuses there is nothing
// to undo.
type mutation = func(ctx context.Context, u *User) error

// now returns the time as the store keeps it.
func (s *Service) now() time.Time { return s.opts.Clock().UTC().Truncate(time.Microsecond) }

// act runs mutate on the person of that username and keeps what came of it,
// together with its entry in the trail, or nothing; it returns what may be
// shown. What mutate left is checked against what is reached; the rules of
// fields are for the caller. A refusal is kept in the trail.
func (s *Service) act(ctx context.Context, action, username string, mutate mutation) (*User, error) {
	find := func(ctx context.Context) (*User, error) { return s.find(ctx, username) }
	return s.change(ctx, s.event(action, username), find, mutate)
}

// actOn is act for an ID; a deleted person is not found.
func (s *Service) actOn(ctx context.Context, action, id string, mutate mutation) (*User, error) {
	find := func(ctx context.Context) (*User, error) { return s.findByID(ctx, id) }
	return s.change(ctx, s.event(action, ""), find, mutate)
}

// change runs mutate on the person whom find finds.
func (s *Service) change(ctx context.Context, intent audit.Event, find func(ctx context.Context) (*User, error), mutate mutation) (*User, error) {
	var after *User
	err := s.once(ctx, intent, func(ctx context.Context, intent *audit.Event) ([]audit.Event, error) {
		before, err := find(ctx)
		if err != nil {
			return nil, err
		}
		intent.Kind, intent.Key = s.trailKey(before)
		after = before.Clone()
		if err := mutate(ctx, after); err != nil {
			return nil, err
		}
		if err := s.mayBecome(ctx, before, after); err != nil {
			return nil, err
		}
		return s.write(ctx, intent.Action, before, after)
	})
	if err != nil {
		return nil, err
	}
	s.log(ctx, intent.Action, after)
	return s.show(after), nil
}

// once runs fn in a transaction and tells the trail there of the events that it
// returns. fn writes with the last of its calls, or not at all: inside of a
// transaction that the caller began, its refusal leaves the rest as it is. A
// refusal is kept as that of the intent, which fn may complete.
func (s *Service) once(ctx context.Context, intent audit.Event, fn func(ctx context.Context, intent *audit.Event) ([]audit.Event, error)) error {
	begun, refused := intent, error(nil)
	err := s.store.Atomically(ctx, func(ctx context.Context) (err error) {
		intent = begun // whatever an earlier run made of it
		var events []audit.Event
		if events, refused = fn(ctx, &intent); refused != nil {
			return nil //nolint:nilerr // nothing was written; see above
		}
		return s.tell(ctx, events)
	})
	if refused != nil {
		err = refused
	}
	if err != nil {
		s.trail.RecordFailure(ctx, intent, err)
	}
	return err
}

// together runs fn, which writes several records and tells the trail of each,
// in a transaction: all is done, or nothing, also of a transaction that the
// caller began. A refusal is kept as that of the intent.
func (s *Service) together(ctx context.Context, intent audit.Event, fn func(ctx context.Context) error) error {
	err := s.store.Atomically(ctx, fn)
	if err != nil {
		s.trail.RecordFailure(ctx, intent, err)
	}
	return err
}

// preparedTogether runs write as together does, and before it prepare, which
// writes nothing: inside of a transaction that the caller began, the refusal of
// prepare leaves the rest as it is.
func (s *Service) preparedTogether(ctx context.Context, intent audit.Event, prepare, write func(ctx context.Context) error) error {
	var refused error
	err := s.store.Atomically(ctx, func(ctx context.Context) error {
		if refused = prepare(ctx); refused != nil {
			return nil //nolint:nilerr // nothing was written; see above
		}
		return write(ctx)
	})
	if refused != nil {
		err = refused
	}
	if err != nil {
		s.trail.RecordFailure(ctx, intent, err)
	}
	return err
}

// keep writes after in the place of before, in the transaction of ctx, and
// tells the trail there: one entry, or two where the key in the trail is
// another one (renamed, deleted, restored). It sets UpdatedAt.
func (s *Service) keep(ctx context.Context, action string, before, after *User) error {
	events, err := s.write(ctx, action, before, after)
	if err != nil {
		return err
	}
	return s.tell(ctx, events)
}

// write is keep but for telling the trail; it returns what to tell.
func (s *Service) write(ctx context.Context, action string, before, after *User) ([]audit.Event, error) {
	after.UpdatedAt = s.now()
	err := s.store.UpdateUser(ctx, before.ID, func(u *User) error {
		*u = *after.Clone()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.changed(action, before, after), nil
}

// tell tells the trail of what was done, in the transaction of ctx.
func (s *Service) tell(ctx context.Context, events []audit.Event) error {
	for _, event := range events {
		if err := s.trail.Record(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// log tells the logger of what was done with u.
func (s *Service) log(ctx context.Context, action string, u *User) {
	s.opts.Logger.InfoContext(ctx, PersonRecord+": "+action, "username", u.Username, "id", u.ID, "team", s.store.Team())
}

// endSessions ends every session of u: they are of an earlier generation.
func (u *User) endSessions() { u.SessionGeneration++ }

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

// mutate runs mutate on the person of that username and keeps what came of it,
// together with its entry in the trail, or nothing; it returns what may be
// shown. What mutate left is checked against what is reached; the rules of
// fields are for the caller. A refusal is kept in the trail.
func (s *Service) mutate(ctx context.Context, action, username string, mutate mutation) (*User, error) {
	find := func(ctx context.Context) (*User, error) { return s.find(ctx, username) }
	return s.mutateFound(ctx, s.userEvent(action, username), find, mutate)
}

// mutateByID is act for an ID; a deleted person is not found.
func (s *Service) mutateByID(ctx context.Context, action, id string, mutate mutation) (*User, error) {
	find := func(ctx context.Context) (*User, error) { return s.findByID(ctx, id) }
	return s.mutateFound(ctx, s.userEvent(action, ""), find, mutate)
}

// mutateFound runs mutate on the person whom find finds.
func (s *Service) mutateFound(ctx context.Context, intent audit.Event, find func(ctx context.Context) (*User, error), mutate mutation) (*User, error) {
	var after *User
	err := s.runAudited(ctx, intent, func(ctx context.Context, intent *audit.Event) ([]audit.Event, error) {
		before, err := find(ctx)
		if err != nil {
			return nil, err
		}
		intent.Kind, intent.Key = s.auditKey(before)
		after = before.Clone()
		if err := mutate(ctx, after); err != nil {
			return nil, err
		}
		if err := s.authorizeChange(ctx, before, after); err != nil {
			return nil, err
		}
		return s.writeUser(ctx, intent.Action, before, after)
	})
	if err != nil {
		return nil, err
	}
	s.logUser(ctx, intent.Action, after)
	return s.redact(after), nil
}

// runAudited runs fn in a transaction and tells the trail there of the events that it
// returns. fn writes with the last of its calls, or not at all: inside of a
// transaction that the caller began, its refusal leaves the rest as it is. A
// refusal is kept as that of the intent, which fn may complete.
func (s *Service) runAudited(ctx context.Context, intent audit.Event, fn func(ctx context.Context, intent *audit.Event) ([]audit.Event, error)) error {
	original, denied := intent, error(nil)
	err := s.store.RunInTx(ctx, func(ctx context.Context) (err error) {
		intent = original // whatever an earlier run made of it
		var events []audit.Event
		if events, denied = fn(ctx, &intent); denied != nil {
			return nil //nolint:nilerr // nothing was written; see above
		}
		return s.recordEvents(ctx, events)
	})
	if denied != nil {
		err = denied
	}
	if err != nil {
		s.audit.RecordFailure(ctx, intent, err)
	}
	return err
}

// runAuditedTx runs fn, which writes several records and tells the trail of each,
// in a transaction: all is done, or nothing, also of a transaction that the
// caller began. A refusal is kept as that of the intent.
func (s *Service) runAuditedTx(ctx context.Context, intent audit.Event, fn func(ctx context.Context) error) error {
	err := s.store.RunInTx(ctx, fn)
	if err != nil {
		s.audit.RecordFailure(ctx, intent, err)
	}
	return err
}

// runPrepared runs write as together does, and before it prepare, which
// writes nothing: inside of a transaction that the caller began, the refusal of
// prepare leaves the rest as it is.
func (s *Service) runPrepared(ctx context.Context, intent audit.Event, prepare, write func(ctx context.Context) error) error {
	var denied error
	err := s.store.RunInTx(ctx, func(ctx context.Context) error {
		if denied = prepare(ctx); denied != nil {
			return nil //nolint:nilerr // nothing was written; see above
		}
		return write(ctx)
	})
	if denied != nil {
		err = denied
	}
	if err != nil {
		s.audit.RecordFailure(ctx, intent, err)
	}
	return err
}

// save writes after in the place of before, in the transaction of ctx, and
// tells the trail there: one entry, or two where the key in the trail is
// another one (renamed, deleted, restored). It sets UpdatedAt.
func (s *Service) save(ctx context.Context, action string, before, after *User) error {
	events, err := s.writeUser(ctx, action, before, after)
	if err != nil {
		return err
	}
	return s.recordEvents(ctx, events)
}

// writeUser is keep but for telling the trail; it returns what to tell.
func (s *Service) writeUser(ctx context.Context, action string, before, after *User) ([]audit.Event, error) {
	after.UpdatedAt = s.now()
	err := s.store.UpdateUser(ctx, before.ID, func(u *User) error {
		*u = *after.Clone()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.changeEvents(action, before, after), nil
}

// recordEvents tells the trail of what was done, in the transaction of ctx.
func (s *Service) recordEvents(ctx context.Context, events []audit.Event) error {
	for _, event := range events {
		if err := s.audit.Record(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// logUser tells the logger of what was done with u.
func (s *Service) logUser(ctx context.Context, action string, u *User) {
	s.opts.Logger.InfoContext(ctx, KindUser+": "+action, "username", u.Username, "id", u.ID, "team", s.store.Team())
}

// endSessions ends every session of u: they are of an earlier generation.
func (u *User) endSessions() { u.SessionEpoch++ }

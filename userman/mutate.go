package userman

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// mutation changes the record of a user as the store has it, credentials
// included, in the transaction of ctx. It may run more than once.
type mutation = func(ctx context.Context, u *User) error

// checkPrecondition returns the error of a precondition, which may be nil.
func checkPrecondition(ctx context.Context, precondition func(ctx context.Context) error) error {
	if precondition == nil {
		return nil
	}
	return precondition(ctx)
}

// now returns the time as the store has it.
func (s *Service) now() time.Time { return s.opts().Clock().UTC().Truncate(time.Microsecond) }

// mutate runs mutate on the user of that username and saves the result together
// with its audit entry, or nothing. It returns the redacted user. The result
// must be in scope; the caller checks the rules of fields. A denial is recorded.
func (s *Service) mutate(ctx context.Context, action, username string, mutate mutation) (*User, error) {
	find := func(ctx context.Context) (*User, error) { return s.find(ctx, username) }
	return s.mutateFound(ctx, s.userEvent(action, username), find, mutate)
}

// mutateByID is mutate for an ID. It does not find deleted users.
func (s *Service) mutateByID(ctx context.Context, action string, id store.UserID, mutate mutation) (*User, error) {
	find := func(ctx context.Context) (*User, error) { return s.findByID(ctx, id) }
	return s.mutateFound(ctx, s.userEvent(action, ""), find, mutate)
}

// mutateFound runs mutate on the user that find returns.
func (s *Service) mutateFound(ctx context.Context, intent audit.Event, find func(ctx context.Context) (*User, error), mutate mutation) (*User, error) {
	var after *User
	err := s.audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		before, err := find(ctx)
		if before != nil {
			s.setIntentUser(r, before)
		}
		if err != nil {
			return err
		}
		after = before.Clone()
		if err := mutate(ctx, after); err != nil {
			return err
		}
		if err := s.authorizeChange(ctx, before, after); err != nil {
			return err
		}
		return s.save(ctx, r, intent.Action, before, after)
	})
	if err != nil {
		return nil, allTaken(ctx, s, after, err)
	}
	s.logUser(ctx, intent.Action, after)
	return s.redact(after), nil
}

// save replaces before with after in the transaction of ctx and records the change. It
// revokes the credentials of creators who may not hand out what the change grants.
func (s *Service) save(ctx context.Context, r *audit.Recorder, action string, before, after *User) error {
	grant, err := s.newGrant(ctx, before, after)
	if err != nil {
		return err
	}
	kinds, err := grant.revoke(ctx)
	if err != nil {
		return err
	}
	if err := s.write(ctx, r, action, before, after); err != nil {
		return err
	}
	return grant.revokeKeys(ctx, r, kinds)
}

// write is save without revocations. It writes one audit entry, or two if the audit key
// changes (renamed, deleted, restored). It sets UpdatedAt. Mails to a user who is
// inactive or handed over to another entry of a directory no longer wait.
func (s *Service) write(ctx context.Context, r *audit.Recorder, action string, before, after *User) error {
	after.UpdatedAt = s.now()
	err := s.store.UpdateUser(ctx, before.ID, func(u *User) error {
		*u = *after.Clone()
		return nil
	})
	if err != nil {
		return err
	}
	if after.Disabled || !after.DeletedAt.IsZero() || before.Directory != after.Directory || before.ExternalID != after.ExternalID {
		if err := s.dropMails(ctx, after.ID); err != nil {
			return err
		}
	}
	return recordAll(ctx, r, s.changeEvents(action, before, after))
}

// recordAll records several changes in the transaction of ctx.
func recordAll(ctx context.Context, r *audit.Recorder, events []audit.Event) error {
	for _, event := range events {
		if err := r.Record(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// logUser logs an operation on u.
func (s *Service) logUser(ctx context.Context, action string, u *User) {
	s.opts().Logger.InfoContext(ctx, KindUser+": "+action, "username", u.Username, "id", u.ID, "team", s.store.Team())
}

// endSessions ends every session of u: they have an earlier epoch.
func (u *User) endSessions() { u.SessionEpoch++ }

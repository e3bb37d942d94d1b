package ampusers

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Update has change edit the administrator of that name and returns what came
// of it. Only the display name, access, sections, ranges, teams and Disabled
// can be changed; the username is refused, the rest is kept. change may run
// more than once; the fields of a [store.InvalidError] that it returns are returned
// together with those that are invalid. Access becoming Limited, or Disabled, ends all sessions, and
// more rights than before end a link to set a password.
//
// What would leave no enabled Full administrator who can log in is refused
// with a [store.ConflictError], also when two such acts come at once.
func (s *Service) Update(ctx context.Context, username string, change func(*Administrator) error) (*Administrator, error) {
	return s.mutate(ctx, "update", username, func(_ context.Context, a *Administrator) error {
		edited := redact(a)
		unreadable, err := store.FieldErrors(change(edited))
		if err != nil {
			return err
		}
		return s.applyEdits(a, edited, unreadable)
	})
}

// applyEdits takes over into a what may be changed of it. unreadable are errors of
// fields that were not edited.
func (s *Service) applyEdits(a, edited *Administrator, unreadable []store.FieldError) error {
	if edited.Username != a.Username {
		return store.AddFieldErrors(store.NewInvalidError(store.FieldError{
			Field: "username", Code: store.CodeImmutable, Message: "the username cannot be changed; make a new administrator and delete this one",
		}), unreadable...)
	}
	before := a.Clone()
	Fields().Copy(a, edited)
	a.Extensions, a.DIDs = edited.Extensions, edited.DIDs
	errs := s.validateFields(normalizeFields(a), before.Sections)
	if err := store.NewInvalidError(slices.Concat(unreadable, errs)...); err != nil {
		return err
	}
	normalizeLists(a)
	if a.Disabled && !before.Disabled || a.Access == Limited && before.Access == Full {
		a.endSessions()
	}
	if before.Disabled = false; !before.Covers(a) {
		// Whoever made the link may have kept it, and be granted less than
		// this administrator is now.
		a.Credentials.Invitation = nil
	}
	return nil
}

// Disable keeps the administrator from logging in and ends all sessions. The
// last Full one is kept, see [Service.Update].
func (s *Service) Disable(ctx context.Context, username string) (*Administrator, error) {
	return s.mutate(ctx, "disable", username, func(_ context.Context, a *Administrator) error {
		a.Disabled = true
		a.endSessions()
		return nil
	})
}

// Enable undoes [Service.Disable].
func (s *Service) Enable(ctx context.Context, username string) (*Administrator, error) {
	return s.mutate(ctx, "enable", username, func(_ context.Context, a *Administrator) error {
		a.Disabled = false
		return nil
	})
}

// EndSessions ends every session of the administrator.
func (s *Service) EndSessions(ctx context.Context, username string) error {
	_, err := s.mutate(ctx, "end sessions", username, func(_ context.Context, a *Administrator) error {
		a.endSessions()
		return nil
	})
	return err
}

// Delete removes the administrator and ends all sessions. The last Full one is
// kept, see [Service.Update].
func (s *Service) Delete(ctx context.Context, username string) error {
	const action = "delete"
	var deleted *Administrator
	err := s.audit.Do(ctx, s.store, newEvent(action, username), func(ctx context.Context, r *audit.Recorder) error {
		a, err := s.loadTarget(ctx, username)
		if err != nil {
			return err
		}
		deleted, r.Intent.Key = a, a.Username
		if err := s.checkLastFull(ctx, a, nil); err != nil {
			return err
		}
		if err := s.store.DeleteAdministrator(ctx, a.Username); err != nil {
			return err
		}
		return r.Record(ctx, changeEvent(action, a, nil))
	})
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", deleted.Username)
	return nil
}

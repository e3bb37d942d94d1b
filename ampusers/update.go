package ampusers

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Update lets change edit the administrator with that name and returns the result.
// change can set the display name, access, sections, ranges, teams and Disabled. It
// must not change the username; other fields are ignored. change may run more than
// once. If change returns a [store.InvalidError], Update returns its fields together
// with other invalid fields. Setting Access to Limited, or Disabled, ends all sessions.
//
// Granting more rights revokes a link to set a password. It also revokes the password
// and the second factor, and ends all sessions, if the administrator who set them does
// not cover the result (see [Administrator.Covers]) or was deleted. Then nobody can log
// in until [Service.Invite] creates a new link. [Service.PreviewRevocations] shows this.
//
// It returns a [store.ConflictError] if the change would disable or restrict the last
// enabled Full administrator who can log in. This also holds for changes that run at
// the same time.
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

// applyEdits copies the editable fields of edited into a. unreadable are errors of
// fields that were not edited.
func (s *Service) applyEdits(a, edited *Administrator, unreadable []store.FieldError) error {
	if edited.Username != a.Username {
		return store.AddFieldErrors(store.NewInvalidError(store.FieldError{
			Field: "username", Code: store.CodeImmutable, Message: "the username cannot be changed; create a new administrator and delete this one",
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
	return nil
}

// Disable disables the administrator and ends all sessions. The last Full
// administrator cannot be disabled; see [Service.Update].
func (s *Service) Disable(ctx context.Context, username string) (*Administrator, error) {
	return s.mutate(ctx, "disable", username, func(_ context.Context, a *Administrator) error {
		a.Disabled = true
		a.endSessions()
		return nil
	})
}

// Enable reverts [Service.Disable].
func (s *Service) Enable(ctx context.Context, username string) (*Administrator, error) {
	return s.mutate(ctx, "enable", username, func(_ context.Context, a *Administrator) error {
		a.Disabled = false
		return nil
	})
}

// EndSessions ends every session of the administrator.
func (s *Service) EndSessions(ctx context.Context, username string) error {
	_, err := s.EndOtherSessions(ctx, username)
	return err
}

// EndOtherSessions ends every session of the administrator, like [Service.EndSessions].
// One session can continue with the session epoch of the returned record.
func (s *Service) EndOtherSessions(ctx context.Context, username string) (*Administrator, error) {
	return s.mutate(ctx, "end sessions", username, func(_ context.Context, a *Administrator) error {
		a.endSessions()
		return nil
	})
}

// Delete deletes the administrator and ends all sessions. The last Full
// administrator cannot be deleted; see [Service.Update].
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

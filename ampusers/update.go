package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Update has change edit the administrator of that name and returns what came
// of it. Only the display name, access, sections, ranges, teams and Disabled
// can be changed; the username is refused, the rest is kept. change may run
// more than once. Access becoming Limited, or Disabled, ends all sessions, and
// more rights than before end a link to set a password.
//
// What would leave no enabled Full administrator who can log in is refused
// with a [store.ConflictError], also when two such acts come at once.
func (s *Service) Update(ctx context.Context, username string, change func(*Administrator) error) (*Administrator, error) {
	return s.act(ctx, "update", username, func(_ context.Context, a *Administrator) error {
		edited := shown(a)
		if err := change(edited); err != nil {
			return err
		}
		return s.settle(a, edited)
	})
}

// settle takes over into a what may be changed of it.
func (s *Service) settle(a, edited *Administrator) error {
	if edited.Username != a.Username {
		return store.Invalid(store.FieldError{
			Field: "username", Code: "immutable", Message: "the username cannot be changed; make a new administrator and delete this one",
		})
	}
	before := a.Clone()
	a.DisplayName, a.Access, a.Disabled = edited.DisplayName, edited.Access, edited.Disabled
	a.Sections, a.Teams = edited.Sections, edited.Teams
	a.Extensions, a.DIDs = edited.Extensions, edited.DIDs
	if err := store.Invalid(s.check(cleaned(a), before.Sections)...); err != nil {
		return err
	}
	sorted(a)
	if a.Disabled && !before.Disabled || a.Access == Limited && before.Access == Full {
		a.endSessions()
	}
	if before.Disabled = false; !before.Grants(a) {
		// Whoever made the link may have kept it, and be granted less than
		// this administrator is now.
		a.Credentials.Invitation = nil
	}
	return nil
}

// Disable keeps the administrator from logging in and ends all sessions. The
// last Full one is kept, see [Service.Update].
func (s *Service) Disable(ctx context.Context, username string) (*Administrator, error) {
	return s.act(ctx, "disable", username, func(_ context.Context, a *Administrator) error {
		a.Disabled = true
		a.endSessions()
		return nil
	})
}

// Enable undoes [Service.Disable].
func (s *Service) Enable(ctx context.Context, username string) (*Administrator, error) {
	return s.act(ctx, "enable", username, func(_ context.Context, a *Administrator) error {
		a.Disabled = false
		return nil
	})
}

// EndSessions ends every session of the administrator.
func (s *Service) EndSessions(ctx context.Context, username string) error {
	_, err := s.act(ctx, "end sessions", username, func(_ context.Context, a *Administrator) error {
		a.endSessions()
		return nil
	})
	return err
}

// Delete removes the administrator and ends all sessions. The last Full one is
// kept, see [Service.Update].
func (s *Service) Delete(ctx context.Context, username string) error {
	const action = "delete"
	kept := ""
	err := s.trail.ActOnce(ctx, s.store, event(action, username), func(ctx context.Context, event *audit.Event) error {
		a, err := s.reachable(ctx, username)
		if err != nil {
			return err
		}
		kept = a.Username
		event.Key, event.Before, event.SealedBefore = kept, shown(a), sealed(a)
		if err := s.guard(ctx, a, nil); err != nil {
			return err
		}
		return s.store.DeleteAdministrator(ctx, kept)
	})
	if err != nil {
		return err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", kept)
	return nil
}

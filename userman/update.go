package userman

import (
	"context"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Update has change edit the person and keeps what came of it: fields that
// change leaves alone stay as they are, and no other change comes between.
// change may run more than once. What the service sets, and password and
// credentials, stay whatever change does to them. Fields that the person's
// directory owns, see [FieldOwner], are a [store.ConflictError] to change.
//
// Disabling ends all sessions, and another primary email the links that may have
// been mailed to the one before. Refusals are those of [Service.Create]. An error
// of change is returned as it is, and nothing is written; the fields of a
// [store.InvalidError] are returned together with those that are invalid.
func (s *Service) Update(ctx context.Context, username string, change func(*User) error) (*User, error) {
	return s.mutate(ctx, "update", username, func(ctx context.Context, u *User) error {
		return s.applyEdit(ctx, u, change)
	})
}

// applyEdit has change edit u as [Service.Update] does.
func (s *Service) applyEdit(ctx context.Context, u *User, change func(*User) error) error {
	edited := s.redact(u)
	unreadable, err := store.FieldErrors(change(edited))
	if err != nil {
		return err
	}
	after := normalizeFields(restoreManaged(u, edited))
	errs, err := s.validateUser(ctx, after, u)
	if err != nil {
		return err
	}
	if err := s.rejectFields(ctx, after, errs, unreadable); err != nil {
		return err
	}
	if err := s.requireUnmanaged(u, normalizeLists(after)); err != nil {
		return err
	}
	if after.Disabled != u.Disabled {
		after.MissingSince = time.Time{} // it was not a sync
	}
	if after.Disabled && !u.Disabled {
		after.endSessions()
	}
	if after.Email != u.Email {
		after.Credentials.Invitation, after.Activation = nil, nil
	}
	*u = *after
	return nil
}

// restoreManaged returns a copy of edited in which everything that the service sets is
// that of before.
func restoreManaged(before, edited *User) *User {
	c, prior := edited.Clone(), before.Clone()
	c.ID, c.Directory, c.Picture = prior.ID, prior.Directory, prior.Picture
	if prior.Directory != "" {
		c.ExternalID = prior.ExternalID
	}
	c.Credentials, c.Activation, c.SessionEpoch = prior.Credentials, prior.Activation, prior.SessionEpoch
	c.HasPassword, c.ExternalPassword, c.HasSecondFactor = prior.HasPassword, prior.ExternalPassword, prior.HasSecondFactor
	c.InvitationExpiresAt, c.PasswordExpiresAt = prior.InvitationExpiresAt, prior.PasswordExpiresAt
	c.CreatedAt, c.UpdatedAt, c.PasswordChangedAt, c.LastLoginAt = prior.CreatedAt, prior.UpdatedAt, prior.PasswordChangedAt, prior.LastLoginAt
	c.WelcomedAt, c.WelcomeStartedAt, c.MissingSince, c.DeletedAt = prior.WelcomedAt, prior.WelcomeStartedAt, prior.MissingSince, prior.DeletedAt
	return c
}

// requireUnmanaged refuses to change what the person's directory keeps itself: the next
// sync would undo it.
func (s *Service) requireUnmanaged(before, after *User) error {
	directory, _ := s.directoryOf(before)
	fieldOwner, ok := directory.(FieldOwner)
	if !ok {
		return nil
	}
	var managed []string
	for _, f := range Fields().Fields() {
		if f.Directory && fieldOwner.OwnsField(f.Name) && !f.Equal(before, after) {
			managed = append(managed, f.Name)
		}
	}
	if len(managed) == 0 {
		return nil
	}
	return &store.ConflictError{Reason: "the directory " + before.Directory + " keeps this of its people; change it there: " + strings.Join(managed, ", ")}
}

// Disable keeps the person from logging in anywhere, and ends all sessions. No
// sync enables them again, see [User].MissingSince.
func (s *Service) Disable(ctx context.Context, username string) (*User, error) {
	return s.mutate(ctx, "disable", username, func(_ context.Context, u *User) error {
		u.Disabled, u.MissingSince = true, time.Time{}
		u.endSessions()
		return nil
	})
}

// Enable undoes [Service.Disable].
func (s *Service) Enable(ctx context.Context, username string) (*User, error) {
	return s.mutate(ctx, "enable", username, func(_ context.Context, u *User) error {
		u.Disabled, u.MissingSince = false, time.Time{}
		return nil
	})
}

// EndSessions ends every session of the person.
func (s *Service) EndSessions(ctx context.Context, username string) error {
	_, err := s.mutate(ctx, "end sessions", username, func(_ context.Context, u *User) error {
		u.endSessions()
		return nil
	})
	return err
}

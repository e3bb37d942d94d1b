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
// directory owns, see [Owner], are a [store.ConflictError] to change.
//
// Disabling ends all sessions, and another primary email the links that may have
// been mailed to the one before. Refusals are those of [Service.Create]; an error
// of change is returned as it is, and nothing is written.
func (s *Service) Update(ctx context.Context, username string, change func(*User) error) (*User, error) {
	return s.act(ctx, "update", username, func(ctx context.Context, u *User) error {
		return s.edit(ctx, u, change)
	})
}

// edit has change edit u as [Service.Update] does.
func (s *Service) edit(ctx context.Context, u *User, change func(*User) error) error {
	edited := s.show(u)
	if err := change(edited); err != nil {
		return err
	}
	after := cleaned(keeping(u, edited))
	refused, err := s.check(ctx, after, u)
	if err != nil {
		return err
	}
	if err := store.Invalid(refused...); err != nil {
		return err
	}
	if err := s.notOwned(u, normalised(after)); err != nil {
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

// keeping returns a copy of edited in which everything that the service sets is
// that of before.
func keeping(before, edited *User) *User {
	c, kept := edited.Clone(), before.Clone()
	c.ID, c.Directory, c.Picture = kept.ID, kept.Directory, kept.Picture
	if kept.Directory != "" {
		c.ExternalID = kept.ExternalID
	}
	c.Credentials, c.Activation, c.SessionGeneration = kept.Credentials, kept.Activation, kept.SessionGeneration
	c.HasPassword, c.PasswordElsewhere, c.HasSecondFactor = kept.HasPassword, kept.PasswordElsewhere, kept.HasSecondFactor
	c.InvitedUntil, c.PasswordExpiresAt = kept.InvitedUntil, kept.PasswordExpiresAt
	c.CreatedAt, c.UpdatedAt, c.PasswordChangedAt, c.LastLoginAt = kept.CreatedAt, kept.UpdatedAt, kept.PasswordChangedAt, kept.LastLoginAt
	c.WelcomedAt, c.WelcomeBegunAt, c.MissingSince, c.DeletedAt = kept.WelcomedAt, kept.WelcomeBegunAt, kept.MissingSince, kept.DeletedAt
	return c
}

// notOwned refuses to change what the person's directory keeps itself: the next
// sync would undo it.
func (s *Service) notOwned(before, after *User) error {
	directory, _ := s.directoryOf(before)
	owner, ok := directory.(Owner)
	if !ok {
		return nil
	}
	var owned []string
	for _, field := range ownedFields() {
		if owner.Owns(field.name) && !field.same(before, after) {
			owned = append(owned, field.name)
		}
	}
	if len(owned) == 0 {
		return nil
	}
	return &store.ConflictError{Reason: "the directory " + before.Directory + " keeps this of its people; change it there: " + strings.Join(owned, ", ")}
}

// Disable keeps the person from logging in anywhere, and ends all sessions. No
// sync enables them again, see [User].MissingSince.
func (s *Service) Disable(ctx context.Context, username string) (*User, error) {
	return s.act(ctx, "disable", username, func(_ context.Context, u *User) error {
		u.Disabled, u.MissingSince = true, time.Time{}
		u.endSessions()
		return nil
	})
}

// Enable undoes [Service.Disable].
func (s *Service) Enable(ctx context.Context, username string) (*User, error) {
	return s.act(ctx, "enable", username, func(_ context.Context, u *User) error {
		u.Disabled, u.MissingSince = false, time.Time{}
		return nil
	})
}

// EndSessions ends every session of the person.
func (s *Service) EndSessions(ctx context.Context, username string) error {
	_, err := s.act(ctx, "end sessions", username, func(_ context.Context, u *User) error {
		u.endSessions()
		return nil
	})
	return err
}

package userman

import (
	"context"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Update calls change with the user and saves the result. No other change to the user
// happens in between. change may run more than once. Update does not change the
// password, the credentials, or the fields that the service sets. If change edits a
// field that the user's directory owns (see [FieldOwner]), Update returns an error
// wrapping [store.ErrConflict].
//
// If change grants an extension or permissions, Update revokes the credentials whose
// creators (see [credential.Creator]) may not hand out what it adds: the password, the
// second factor, sessions, links and API tokens. It also blocks such an email. All other
// operations that grant something do the same. [Service.PreviewRevocations] shows this.
//
// Disabling the user ends all sessions. A new primary email invalidates links that may
// have been mailed to the old address. Update returns the errors of [Service.Create].
// If change returns an error, Update writes nothing and returns this error. If this
// error is a [store.InvalidError], Update adds the other invalid fields to it.
func (s *Service) Update(ctx context.Context, username string, change func(*User) error) (*User, error) {
	return s.mutate(ctx, "update", username, func(ctx context.Context, u *User) error {
		return s.applyEdit(ctx, u, change)
	})
}

// applyEdit edits u as [Service.Update] does.
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
	switch {
	case after.Email != u.Email:
		after.setEmailCreator(s.creator(ctx, u))
	case u.EmailBlocked && !after.EmailBlocked:
		after.EmailCreator = s.creator(ctx, u)
	}
	*u = *after
	return nil
}

// setEmailCreator sets the creator of a new primary email. Links may have been mailed to
// the address before: they no longer work.
func (u *User) setEmailCreator(creator credential.Creator) {
	u.EmailCreator, u.EmailBlocked = creator, false
	u.Credentials.Invitation, u.Activation = nil, nil
}

// restoreManaged returns a copy of edited with the managed fields of before.
func restoreManaged(before, edited *User) *User {
	c, prior := edited.Clone(), before.Clone()
	c.ID, c.Directory, c.Picture = prior.ID, prior.Directory, prior.Picture
	if prior.Directory != "" {
		c.ExternalID = prior.ExternalID
	}
	c.EmailCreator = prior.EmailCreator
	c.Credentials, c.Activation, c.SessionEpoch = prior.Credentials, prior.Activation, prior.SessionEpoch
	c.HasPassword, c.ExternalPassword, c.HasSecondFactor = prior.HasPassword, prior.ExternalPassword, prior.HasSecondFactor
	c.InvitationExpiresAt, c.PasswordExpiresAt = prior.InvitationExpiresAt, prior.PasswordExpiresAt
	c.CreatedAt, c.UpdatedAt, c.PasswordChangedAt, c.LastLoginAt = prior.CreatedAt, prior.UpdatedAt, prior.PasswordChangedAt, prior.LastLoginAt
	c.WelcomedAt, c.MissingSince, c.DeletedAt = prior.WelcomedAt, prior.MissingSince, prior.DeletedAt
	return c
}

// requireUnmanaged returns an error wrapping ErrConflict if a change affects fields
// that the user's directory owns. The next sync would undo such a change.
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
	return &store.ConflictError{Reason: "the directory " + before.Directory + " owns these fields; change them there: " + strings.Join(managed, ", ")}
}

// Disable disables the user: the user cannot log in, and all sessions end. A sync does
// not enable the user again, see [User].MissingSince.
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

// EndSessions ends all sessions of the user.
func (s *Service) EndSessions(ctx context.Context, username string) error {
	_, err := s.mutate(ctx, "end sessions", username, func(_ context.Context, u *User) error {
		u.endSessions()
		return nil
	})
	return err
}

package userman

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// NewUser is what [Service.Create] needs beside the record.
type NewUser struct {
	User *User
	// Password is set at once; zero makes somebody who cannot log in until a
	// link is accepted, see [Service.Invite].
	Password store.Secret
	// NoDefaultGroups says that User.Groups are all groups the person is in;
	// otherwise the default groups are added to them.
	NoDefaultGroups bool
}

// Create adds a person. What the service sets is ignored in the record.
//
// It refuses bad fields with a [store.InvalidError], the password's being
// "password", and a username, default extension or external ID that another
// person has with a [store.AlreadyExistsError].
func (s *Service) Create(ctx context.Context, n NewUser) (*User, error) {
	return s.create(ctx, "create", n, nil)
}

// create adds a person as [Service.Create] does. begin, when it is not nil, sets
// what only the service sets, such as the directory.
func (s *Service) create(ctx context.Context, action string, n NewUser, setManaged func(*User)) (*User, error) {
	if n.User == nil {
		n.User = &User{}
	}
	intent := s.userEvent(action, n.User.Username)
	created, err := s.prepareUser(ctx, n, setManaged)
	if err != nil {
		s.audit.RecordFailure(ctx, intent, err)
		return nil, err
	}
	err = s.audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		if err := s.joinGroups(ctx, n, created); err != nil {
			return err
		}
		if err := s.store.CreateUser(ctx, created); err != nil {
			return err
		}
		return recordAll(ctx, r, s.changeEvents(action, nil, created))
	})
	if err != nil {
		return nil, err
	}
	s.logUser(ctx, action, created)
	return s.redact(created), nil
}

// prepareUser returns who is to be added: complete and checked, with the hash of
// the password.
func (s *Service) prepareUser(ctx context.Context, n NewUser, setManaged func(*User)) (*User, error) {
	created := normalizeFields(clearManaged(n.User))
	if setManaged != nil {
		setManaged(created)
	}
	errs, err := s.validateUser(ctx, created, &User{})
	if err != nil {
		return nil, err
	}
	if !n.Password.IsZero() {
		errs = append(errs, s.authenticator.CheckPassword("password", n.Password, created.passwordWords()...)...)
	}
	if err := store.NewInvalidError(errs...); err != nil {
		return nil, err
	}
	if !n.Password.IsZero() {
		if created.Credentials.PasswordHash, err = s.authenticator.HashPassword(ctx, n.Password); err != nil {
			return nil, err
		}
	}
	return normalizeLists(created), s.initManaged(created)
}

// clearManaged returns a copy of u without what the service sets.
func clearManaged(u *User) *User {
	c := u.Clone()
	c.ID, c.Directory, c.Picture = "", "", ""
	c.Credentials, c.Activation, c.SessionEpoch = credential.Credentials{}, nil, 0
	for _, t := range []*time.Time{
		&c.CreatedAt, &c.UpdatedAt, &c.PasswordChangedAt, &c.LastLoginAt, &c.WelcomedAt, &c.WelcomeStartedAt, &c.MissingSince, &c.DeletedAt,
		&c.InvitationExpiresAt, &c.PasswordExpiresAt,
	} {
		*t = time.Time{}
	}
	c.HasPassword, c.ExternalPassword, c.HasSecondFactor = false, false, false
	return c
}

// initManaged sets what a person begins with.
func (s *Service) initManaged(u *User) (err error) {
	if u.ID, err = auth.NewID(s.opts.Random, userIDSize); err != nil {
		return err
	}
	if u.SessionEpoch, err = auth.NewSessionEpoch(s.opts.Random); err != nil {
		return err
	}
	u.CreatedAt = s.now()
	u.UpdatedAt = u.CreatedAt
	if u.Credentials.HasPassword() {
		u.PasswordChangedAt = u.CreatedAt
	}
	return nil
}

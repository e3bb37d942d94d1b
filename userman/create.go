package userman

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// NewUser is the input of [Service.Create].
type NewUser struct {
	User *User
	// Password is the first password. Without one, the user cannot log in until the
	// user sets a password through a link, see [Service.Invite].
	Password store.Secret
	// NoDefaultGroups creates the user without the default groups. Otherwise Create
	// adds the default groups to User.Groups.
	NoDefaultGroups bool
}

// Create creates a user. It ignores the fields that only the service sets. It returns
// an error wrapping [store.ErrInvalid] if fields are invalid; an invalid password has
// the field "password". It returns a [store.AlreadyExistsError] if another user has the
// same username, default extension or external ID. Several errors are one
// [store.InvalidError].
//
// Hashing the password is slow. If you need a transaction, use [Service.PrepareCreate].
func (s *Service) Create(ctx context.Context, n NewUser) (*User, error) {
	commit, err := s.PrepareCreate(ctx, n)
	if err != nil {
		return nil, err
	}
	return commit(ctx)
}

// PrepareCreate does the slow part of [Service.Create]: it validates the user and
// hashes the password. It returns a function that creates the user. This function can
// join a transaction. It can also run more than once, for example when a transaction is
// retried.
//
// unreadable lists fields that the caller could not parse. They cause an error, which
// lists them together with the invalid fields.
func (s *Service) PrepareCreate(ctx context.Context, n NewUser, unreadable ...store.FieldError) (commit func(ctx context.Context) (*User, error), err error) {
	creation, err := s.prepareCreate(ctx, "create", n, nil, unreadable...)
	if err != nil {
		return nil, err
	}
	return creation.commit, nil
}

// userCreation is a user who is ready to be created.
type userCreation struct {
	service *Service
	intent  audit.Event
	// user is complete but for the default groups.
	user *User
	// groups are those that the groups of the user were found in, and given are
	// the names that were given.
	groups          *groupSet
	given           []string
	noDefaultGroups bool
}

// prepareCreate validates a new user and hashes the password. setManaged, when it
// is not nil, sets what only the service sets, such as the directory. It records a
// failure.
func (s *Service) prepareCreate(ctx context.Context, action string, n NewUser, setManaged func(*User), unreadable ...store.FieldError) (*userCreation, error) {
	if n.User == nil {
		n.User = &User{}
	}
	c := &userCreation{service: s, intent: s.userEvent(action, n.User.Username), given: n.User.Groups, noDefaultGroups: n.NoDefaultGroups}
	if err := c.prepare(ctx, n, setManaged, unreadable); err != nil {
		s.audit.RecordFailure(ctx, c.intent, err)
		return nil, err
	}
	return c, nil
}

func (c *userCreation) prepare(ctx context.Context, n NewUser, setManaged func(*User), unreadable []store.FieldError) (err error) {
	s := c.service
	if c.groups, err = s.groups(ctx); err != nil {
		return err
	}
	u := normalizeFields(clearManaged(n.User))
	u.EmailCreator = s.creator(ctx, u)
	if setManaged != nil {
		setManaged(u)
	}
	errs := s.validateUserWith(c.groups, u, &User{})
	if !n.Password.IsZero() {
		errs = append(errs, s.authenticator.CheckPassword("password", n.Password, u.passwordWords()...)...)
	}
	if err := s.rejectFields(ctx, u, errs, unreadable); err != nil {
		return err
	}
	if !n.Password.IsZero() {
		if u.Credentials.PasswordHash, err = s.authenticator.HashPassword(ctx, n.Password); err != nil {
			return err
		}
		u.Credentials.PasswordCreator = s.creator(ctx, u)
	}
	c.user = normalizeLists(u)
	return s.initManaged(u)
}

// commit creates the user. It may run more than once.
func (c *userCreation) commit(ctx context.Context) (*User, error) {
	s := c.service
	var created *User
	err := s.audit.Do(ctx, s.store, c.intent, func(ctx context.Context, r *audit.Recorder) (err error) {
		if created, err = c.joinGroups(ctx); err != nil {
			return err
		}
		if err := s.store.CreateUser(ctx, created); err != nil {
			return err
		}
		return recordAll(ctx, r, s.changeEvents(r.Intent.Action, nil, created))
	})
	if err != nil {
		return nil, allTaken(ctx, s, created, err)
	}
	s.logUser(ctx, c.intent.Action, created)
	return s.redact(created), nil
}

// joinGroups returns the user with all groups, as of the transaction of ctx. It
// returns an error wrapping [store.ErrForbidden] if the result is out of scope. The
// grants of exempt default groups do not count, see [Service.Scoped].
func (c *userCreation) joinGroups(ctx context.Context) (*User, error) {
	groups, err := c.service.groups(ctx)
	if err != nil {
		return nil, err
	}
	created := c.user.Clone()
	if groups.revision != c.groups.revision {
		names, errs := groups.resolve(c.given)
		if err := store.NewInvalidError(errs...); err != nil {
			return nil, err
		}
		created.Groups = names
	}
	if !c.noDefaultGroups {
		created.Groups = sortedUnique(slices.Concat(created.Groups, groups.defaults))
	}
	if len(created.Groups) > MaxGroupsPerUser {
		return nil, &store.ConflictError{Reason: fmt.Sprintf("with the default groups this is more than %d groups; reduce the default groups", MaxGroupsPerUser)}
	}
	return created, c.service.authorizeChange(ctx, groups.withDefaultGrants(created), created)
}

// clearManaged returns a copy of u without what the service sets.
func clearManaged(u *User) *User {
	c := u.Clone()
	c.ID, c.Directory, c.Picture = "", "", ""
	c.EmailCreator = credential.Creator{}
	c.Credentials, c.Activation, c.SessionEpoch = credential.Credentials{}, nil, 0
	for _, t := range []*time.Time{
		&c.CreatedAt, &c.UpdatedAt, &c.PasswordChangedAt, &c.LastLoginAt, &c.WelcomedAt, &c.MissingSince, &c.DeletedAt,
		&c.InvitationExpiresAt, &c.PasswordExpiresAt,
	} {
		*t = time.Time{}
	}
	c.HasPassword, c.ExternalPassword, c.HasSecondFactor = false, false, false
	return c
}

// initManaged sets the fields of a new user that the service sets.
func (s *Service) initManaged(u *User) (err error) {
	id, err := auth.NewID(s.opts().Random, userIDSize)
	if err != nil {
		return err
	}
	u.ID = store.UserID(id)
	if u.SessionEpoch, err = auth.NewSessionEpoch(s.opts().Random); err != nil {
		return err
	}
	u.CreatedAt = s.now()
	u.UpdatedAt = u.CreatedAt
	if u.Credentials.HasPassword() {
		u.PasswordChangedAt = u.CreatedAt
	}
	return nil
}

package ampusers

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// Create adds an administrator. A zero password makes one who cannot log in
// until an invitation is accepted, see [Service.Invite]. What the service sets
// is ignored in a. Access is Limited unless given.
//
// It refuses bad fields with a [store.InvalidError], the password's being
// "password", and a name that another administrator has, in any case, with a
// [store.ExistsError].
func (s *Service) Create(ctx context.Context, a *Administrator, password store.Secret) (*Administrator, error) {
	created, err := s.prepared(ctx, a, password)
	if err != nil {
		s.trail.RecordFailure(ctx, event("create", a.Username), err)
		return nil, err
	}
	if err := s.trail.ActOnce(ctx, s.store, event("create", a.Username), func(ctx context.Context, event *audit.Event) error {
		actor, err := s.acting(ctx)
		if err != nil {
			return err
		}
		if err := actor.gives(created); err != nil {
			return err
		}
		return s.add(ctx, event, created)
	}); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: create", "username", created.Username)
	return shown(created), nil
}

// prepared returns what is to be added: complete and checked, with the hash of
// the password.
func (s *Service) prepared(ctx context.Context, a *Administrator, password store.Secret) (*Administrator, error) {
	actor, err := s.acting(ctx)
	if err != nil {
		return nil, err
	}
	created := a.Clone()
	refused := s.check(cleaned(created), nil)
	sorted(created)
	if !password.IsZero() {
		refused = append(refused, s.judge("password", password, created)...)
	}
	if err := store.Invalid(refused...); err != nil {
		return nil, err
	}
	if err := actor.gives(created); err != nil {
		return nil, err
	}
	created.Credentials = Credentials{}
	created.PasswordChangedAt, created.LastLoginAt = time.Time{}, time.Time{}
	if !password.IsZero() {
		if created.Credentials.PasswordHash, err = s.hasher.Hash(ctx, password); err != nil {
			return nil, err
		}
	}
	return created, s.start(created)
}

// start sets what an administrator begins with.
func (s *Service) start(a *Administrator) (err error) {
	if a.SessionGeneration, err = login.NewGeneration(s.random); err != nil {
		return err
	}
	a.CreatedAt = s.now()
	a.UpdatedAt = a.CreatedAt
	if a.Credentials.HasPassword() {
		a.PasswordChangedAt = a.CreatedAt
	}
	return nil
}

// add writes a new administrator, in the transaction of ctx, and completes the
// event.
func (s *Service) add(ctx context.Context, event *audit.Event, a *Administrator) error {
	if err := s.store.CreateAdministrator(ctx, a); err != nil {
		return err
	}
	event.Key, event.After, event.Sealed = a.Username, shown(a), sealed(a)
	return nil
}

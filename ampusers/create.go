package ampusers

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Create adds an administrator. A zero password makes one who cannot log in
// until an invitation is accepted, see [Service.Invite]. What the service sets
// is ignored in a. Access is Limited unless given.
//
// It refuses bad fields with a [store.InvalidError], the password's being
// "password", and a name that another administrator has, in any case, with a
// [store.AlreadyExistsError].
func (s *Service) Create(ctx context.Context, a *Administrator, password store.Secret) (*Administrator, error) {
	created, err := s.prepareNew(ctx, a, password)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent("create", a.Username), err)
		return nil, err
	}
	if err := s.audit.Do(ctx, s.store, newEvent("create", a.Username), func(ctx context.Context, r *audit.Recorder) error {
		actor, err := s.loadActor(ctx)
		if err != nil {
			return err
		}
		if err := actor.authorizeGrant(created); err != nil {
			return err
		}
		return s.create(ctx, r, created)
	}); err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: create", "username", created.Username)
	return redact(created), nil
}

// prepareNew returns what is to be added: complete and checked, with the hash of
// the password.
func (s *Service) prepareNew(ctx context.Context, a *Administrator, password store.Secret) (*Administrator, error) {
	actor, err := s.loadActor(ctx)
	if err != nil {
		return nil, err
	}
	created := a.Clone()
	errs := s.validateFields(normalizeFields(created), nil)
	normalizeLists(created)
	if !password.IsZero() {
		errs = append(errs, s.authenticator.CheckPassword("password", password, created.passwordWords()...)...)
	}
	if err := store.NewInvalidError(errs...); err != nil {
		return nil, err
	}
	if err := actor.authorizeGrant(created); err != nil {
		return nil, err
	}
	created.Credentials = credential.Credentials{}
	created.PasswordChangedAt, created.LastLoginAt = time.Time{}, time.Time{}
	if !password.IsZero() {
		if created.Credentials.PasswordHash, err = s.authenticator.HashPassword(ctx, password); err != nil {
			return nil, err
		}
	}
	return created, s.initManaged(created)
}

// initManaged sets what an administrator begins with.
func (s *Service) initManaged(a *Administrator) (err error) {
	if a.SessionEpoch, err = auth.NewSessionEpoch(s.opts.Random); err != nil {
		return err
	}
	a.CreatedAt = s.now()
	a.UpdatedAt = a.CreatedAt
	if a.Credentials.HasPassword() {
		a.PasswordChangedAt = a.CreatedAt
	}
	return nil
}

// create writes a new administrator in the transaction of ctx and records it.
func (s *Service) create(ctx context.Context, r *audit.Recorder, a *Administrator) error {
	if err := s.store.CreateAdministrator(ctx, a); err != nil {
		return err
	}
	return r.Record(ctx, changeEvent(r.Intent.Action, nil, a))
}

package ampusers

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Create adds an administrator. With a zero password the administrator cannot log
// in until an invitation is accepted; see [Service.Invite]. Fields of a that the
// service sets are ignored. Access defaults to Limited.
//
// It returns an error wrapping [store.ErrInvalid] if a field is invalid, on
// "password" for the password, and a [store.AlreadyExistsError] if the username is
// taken, ignoring case.
//
// Hashing the password is slow. In a transaction use [Service.PrepareCreate].
func (s *Service) Create(ctx context.Context, a *Administrator, password store.Secret) (*Administrator, error) {
	commit, err := s.PrepareCreate(ctx, a, password)
	if err != nil {
		return nil, err
	}
	return commit(ctx)
}

// PrepareCreate does the slow part of [Service.Create]: it validates the
// administrator and hashes the password. It returns the function that creates the
// administrator. This function can join a transaction and can run more than once,
// for example when a transaction is retried. unreadable are the errors of fields
// that the caller could not read. PrepareCreate returns them together with the
// errors of invalid fields.
func (s *Service) PrepareCreate(ctx context.Context, a *Administrator, password store.Secret, unreadable ...store.FieldError) (commit func(ctx context.Context) (*Administrator, error), err error) {
	created, err := s.prepareNew(ctx, a, password, unreadable)
	if err != nil {
		s.audit.RecordFailure(ctx, newEvent("create", a.Username), err)
		return nil, err
	}
	return func(ctx context.Context) (*Administrator, error) { return s.create(ctx, created) }, nil
}

// create stores a prepared administrator.
func (s *Service) create(ctx context.Context, created *Administrator) (*Administrator, error) {
	err := s.audit.Do(ctx, s.store, newEvent("create", created.Username), func(ctx context.Context, r *audit.Recorder) error {
		actor, err := s.loadActor(ctx)
		if err != nil {
			return err
		}
		if err := actor.authorizeGrant(created); err != nil {
			return err
		}
		return s.insert(ctx, r, created)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: create", "username", created.Username)
	return redact(created), nil
}

// prepareNew returns the administrator to add, with defaults, normalized, validated
// and with the hash of the password.
func (s *Service) prepareNew(ctx context.Context, a *Administrator, password store.Secret, unreadable []store.FieldError) (*Administrator, error) {
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
	err = store.NewInvalidError(errs...)
	if err == nil && len(unreadable) > 0 {
		err = s.checkNotStored(ctx, created.Username)
	}
	if err := store.AddFieldErrors(err, unreadable...); err != nil {
		return nil, err
	}
	if err := actor.authorizeGrant(created); err != nil {
		return nil, err
	}
	created.Credentials = credential.Credentials{}
	created.PasswordChangedAt, created.LastLoginAt, created.CredentialsRevokedAt = time.Time{}, time.Time{}, time.Time{}
	if !password.IsZero() {
		if created.Credentials.PasswordHash, err = s.authenticator.HashPassword(ctx, password); err != nil {
			return nil, err
		}
		created.Credentials.PasswordCreator = s.creator()
	}
	return created, s.initManaged(created)
}

// checkNotStored rejects a username that is taken. A new administrator is checked
// when it is stored; this is for one that is not stored.
func (s *Service) checkNotStored(ctx context.Context, username string) error {
	switch _, err := s.store.Administrator(ctx, username); {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return &store.AlreadyExistsError{Kind: kind, Field: "username"}
}

// initManaged sets the fields that the service manages.
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

// insert stores a new administrator in the transaction of ctx and records it.
func (s *Service) insert(ctx context.Context, r *audit.Recorder, a *Administrator) error {
	if err := s.store.CreateAdministrator(ctx, a); err != nil {
		return err
	}
	return r.Record(ctx, changeEvent(r.Intent.Action, nil, a))
}

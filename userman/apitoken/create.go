package apitoken

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// idSize is the number of random bytes in an ID.
const idSize = 10

var idPattern = regexp.MustCompile(`^[a-z0-9]{16}$`)

func (id ID) isValid() bool { return idPattern.MatchString(string(id)) }

// Create creates a token for a user and returns it with its key: 43 letters, digits,
// dashes and underscores, which are shown only once. It ignores the fields of t that
// the service sets. It returns an error wrapping [store.ErrInvalid] if a field is
// invalid, and one wrapping [store.ErrConflict] if the user has [MaxPerUser] tokens.
// unreadable are fields that the caller could not read: they are an error, and are
// returned together with the invalid ones.
func (s *Service) Create(ctx context.Context, username string, t *Token, unreadable ...store.FieldError) (*Token, store.Secret, error) {
	var created *Token
	var key store.Secret
	intent := s.event("create", "")
	intent.Key = audit.TeamKey(s.store.Team(), "")
	intent.Extensions = s.users.AuditEvent(ctx, intent.Action, username).Extensions
	err := s.opts.Audit.Do(ctx, s.store, intent, func(ctx context.Context, r *audit.Recorder) error {
		access, err := s.users.Access(ctx)
		if err != nil {
			return err
		}
		u, err := access.User(ctx, username)
		if err != nil {
			return err
		}
		if created, key, err = s.newToken(access, u, t, unreadable); err != nil {
			return err
		}
		if err := access.AuthorizeCredentials(ctx, u); err != nil {
			return err
		}
		if created.KeyCreator, err = access.Creator(ctx, u.ID); err != nil {
			return err
		}
		if err := s.checkQuota(ctx, u); err != nil {
			return err
		}
		if err := s.store.CreateToken(ctx, created); err != nil {
			return err
		}
		return r.Record(ctx, s.changeEvent(r.Intent.Action, nil, created, u.Extensions()))
	})
	if err != nil {
		return nil, store.Secret{}, err
	}
	s.log(ctx, "create", created)
	return redact(created), key, nil
}

// newToken returns the record of a new token of u, and its key.
func (s *Service) newToken(access *userman.Access, u *userman.User, t *Token, unreadable []store.FieldError) (*Token, store.Secret, error) {
	created := &Token{UserID: u.ID}
	created.applyEdits(t)
	if created.Extensions == nil {
		created.Extensions = []string{permission.Any}
	}
	if created.Modules == nil {
		created.Modules = []string{permission.Any}
	}
	if err := s.prepare(access, created, &Token{}, unreadable); err != nil {
		return nil, store.Secret{}, err
	}
	id, err := auth.NewID(s.opts.Random, idSize)
	if err != nil {
		return nil, store.Secret{}, err
	}
	key, hash, err := auth.NewToken(s.opts.Random)
	if err != nil {
		return nil, store.Secret{}, err
	}
	now := s.now()
	created.ID, created.KeyHash = ID(id), hash
	created.CreatedAt, created.UpdatedAt, created.KeyCreatedAt = now, now, now
	return created, key, nil
}

// checkQuota returns an error wrapping ErrConflict if u has [MaxPerUser] tokens.
func (s *Service) checkQuota(ctx context.Context, u *userman.User) error {
	existing, err := s.store.ListTokens(ctx, u.ID, store.PageRequest{Limit: MaxPerUser})
	if err != nil {
		return err
	}
	if len(existing.Items) >= MaxPerUser {
		return &store.ConflictError{Reason: fmt.Sprintf("this user has %d API tokens already; delete an unused one", MaxPerUser)}
	}
	return nil
}

// prepare validates and normalizes an edited token. It returns an error wrapping
// ErrForbidden if t has extensions out of scope that before does not have.
func (s *Service) prepare(access *userman.Access, t, before *Token, unreadable []store.FieldError) error {
	if err := store.NewInvalidError(slices.Concat(unreadable, s.validate(t, before))...); err != nil {
		return err
	}
	t.normalize()
	sc := access.Scope()
	added := func(number string) bool {
		return number != permission.Any && !slices.Contains(before.Extensions, number) && !sc.HasExtension(number)
	}
	if slices.ContainsFunc(t.Extensions, added) {
		return &store.ForbiddenError{Reason: "this would give the token extensions outside your scope; ask an administrator with access"}
	}
	return nil
}

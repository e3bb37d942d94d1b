package apitoken

import (
	"bytes"
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

const (
	actionUpdate = "update"
	actionRotate = "rotate"
	actionDelete = "delete"
	actionRevoke = "revoke key"
)

// Update calls change with the token of that ID and saves the result; see
// [userman.Service.Update]. Empty lists of extensions and modules are errors here:
// removing the last entry must not give access to everything.
func (s *Service) Update(ctx context.Context, id ID, change func(*Token) error) (*Token, error) {
	return s.mutate(ctx, actionUpdate, id, func(ctx context.Context, access *userman.Access, t *Token) error {
		before, edited := t.Clone(), redact(t)
		unreadable, err := store.FieldErrors(change(edited))
		if err != nil {
			return err
		}
		t.applyEdits(edited)
		if err := s.prepare(access, t, before, unreadable); err != nil {
			return err
		}
		before.Disabled = true
		if bytes.Equal(auditState(t), auditState(before)) {
			return nil // the holder of the key can do less than before
		}
		return authorizeKey(ctx, access, t)
	})
}

// Rotate replaces the key of the token and returns the new key. The old key stops
// working.
func (s *Service) Rotate(ctx context.Context, id ID) (*Token, store.Secret, error) {
	var key store.Secret
	t, err := s.mutate(ctx, actionRotate, id, func(ctx context.Context, access *userman.Access, t *Token) (err error) {
		if err := authorizeKey(ctx, access, t); err != nil {
			return err
		}
		t.KeyCreatedAt = s.now()
		if t.KeyCreator, err = access.Creator(ctx, t.UserID); err != nil {
			return err
		}
		key, t.KeyHash, err = auth.NewToken(s.opts.Random)
		return err
	})
	if err != nil {
		return nil, store.Secret{}, err
	}
	return t, key, nil
}

// authorizeKey returns an error wrapping ErrForbidden if the caller may not have the
// credentials of the owner: the holder of the key could do more than before. It runs
// in the transaction of ctx.
func authorizeKey(ctx context.Context, access *userman.Access, t *Token) error {
	if access.Scope().IsUnrestricted() {
		return nil
	}
	u, err := access.UserByID(ctx, t.UserID)
	if err != nil {
		return err
	}
	return access.AuthorizeCredentials(ctx, u)
}

// AuditEvent returns the audit event of an operation on the token of that ID. It has the
// extensions of the owner, also of one out of scope. See [userman.Service.AuditEvent].
func (s *Service) AuditEvent(ctx context.Context, action string, id ID) audit.Event {
	event := s.event(action, id)
	if event.Key == "" {
		return event
	}
	if t, err := s.store.Token(ctx, id); err == nil {
		event.Extensions, _ = s.users.AuditExtensions(ctx, t.UserID) // an entry without them is hidden
	}
	return event
}

// mutate calls mutate with a token and saves the result together with its audit
// entry, or nothing. mutate may run more than once.
func (s *Service) mutate(ctx context.Context, action string, id ID, mutate func(ctx context.Context, access *userman.Access, t *Token) error) (*Token, error) {
	var after *Token
	err := s.opts.Audit.Do(ctx, s.store, s.AuditEvent(ctx, action, id), func(ctx context.Context, r *audit.Recorder) error {
		access, before, err := s.find(ctx, id)
		if err != nil {
			return err
		}
		after = before.Clone()
		if err := mutate(ctx, access, after); err != nil {
			return err
		}
		extensions, err := s.users.AuditExtensions(ctx, after.UserID)
		if err != nil {
			return err
		}
		return s.save(ctx, r, action, before, after, extensions)
	})
	if err != nil {
		return nil, err
	}
	s.log(ctx, action, after)
	return redact(after), nil
}

// Delete deletes the token of that ID.
func (s *Service) Delete(ctx context.Context, id ID) error {
	var deleted *Token
	err := s.opts.Audit.Do(ctx, s.store, s.AuditEvent(ctx, actionDelete, id), func(ctx context.Context, r *audit.Recorder) (err error) {
		if _, deleted, err = s.find(ctx, id); err != nil {
			return err
		}
		if err := s.store.DeleteToken(ctx, id); err != nil {
			return err
		}
		extensions, err := s.users.AuditExtensions(ctx, deleted.UserID)
		if err != nil {
			return err
		}
		return r.Record(ctx, s.changeEvent(actionDelete, deleted, nil, extensions))
	})
	if err != nil {
		return err
	}
	s.log(ctx, actionDelete, deleted)
	return nil
}

// find reads the token of that ID from the store. The ID may be any input. It
// returns an error wrapping ErrForbidden if the owner is out of scope.
func (s *Service) find(ctx context.Context, id ID) (*userman.Access, *Token, error) {
	if !id.isValid() {
		return nil, nil, &store.NotFoundError{Kind: Kind}
	}
	access, err := s.users.Access(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := s.store.Token(ctx, id)
	if err != nil || access.Scope().AllExtensions() {
		return access, t, err
	}
	if _, err := access.UserByID(ctx, t.UserID); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil, &store.NotFoundError{Kind: Kind}
		}
		if errors.Is(err, store.ErrForbidden) {
			err = &store.ForbiddenError{Reason: "the user of this API token is outside your scope", Concealed: &store.NotFoundError{Kind: Kind}}
		}
		return nil, nil, err
	}
	return access, t, nil
}

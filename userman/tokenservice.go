package userman

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/permission"
)

var tokenIDPattern = regexp.MustCompile(`^[a-z0-9]{16}$`)

// CreateToken makes a token for a person and returns it with its key: 43
// letters, digits, dashes and underscores, shown this once. What the service
// sets is ignored in t. Refusals are [store.InvalidError]s; a person who has
// [MaxTokens] is a [store.ConflictError].
func (s *Service) CreateToken(ctx context.Context, username string, t *Token) (*Token, store.Secret, error) {
	var created *Token
	var key store.Secret
	err := s.audit.Do(ctx, s.store, s.tokenEvent("create", ""), func(ctx context.Context, r *audit.Recorder) error {
		u, err := s.find(ctx, username)
		if err != nil {
			return err
		}
		if created, key, err = s.newToken(ctx, u, t); err != nil {
			return err
		}
		if err := s.authorizeCredentials(ctx, u); err != nil {
			return err
		}
		if err := s.checkTokenQuota(ctx, u); err != nil {
			return err
		}
		if err := s.store.CreateToken(ctx, created); err != nil {
			return err
		}
		return r.Record(ctx, s.tokenChangeEvent(r.Intent.Action, nil, created))
	})
	if err != nil {
		return nil, store.Secret{}, err
	}
	s.logToken(ctx, "create", created)
	return redactToken(created), key, nil
}

// newToken returns a token of u as it is to be kept, and its key.
func (s *Service) newToken(ctx context.Context, u *User, t *Token) (*Token, store.Secret, error) {
	created := &Token{UserID: u.ID}
	created.applyEdits(t)
	if created.Extensions == nil {
		created.Extensions = []string{permission.Any}
	}
	if created.Modules == nil {
		created.Modules = []string{permission.Any}
	}
	if err := s.prepareToken(ctx, created, &Token{}); err != nil {
		return nil, store.Secret{}, err
	}
	id, err := s.newID(tokenIDSize)
	if err != nil {
		return nil, store.Secret{}, err
	}
	key, hash, err := auth.NewToken(s.opts.Random)
	if err != nil {
		return nil, store.Secret{}, err
	}
	now := s.now()
	created.ID, created.KeyHash = id, hash
	created.CreatedAt, created.UpdatedAt, created.KeyCreatedAt = now, now, now
	return created, key, nil
}

// checkTokenQuota refuses more tokens than a person may have.
func (s *Service) checkTokenQuota(ctx context.Context, u *User) error {
	existing, err := s.store.ListTokens(ctx, u.ID, store.PageRequest{Limit: MaxTokens})
	if err != nil {
		return err
	}
	if len(existing.Items) >= MaxTokens {
		return &store.ConflictError{Reason: fmt.Sprintf("this person has %d API tokens, and cannot have more; delete one that is not used any more", MaxTokens)}
	}
	return nil
}

// prepareToken checks what was edited of a token, and brings it into the form in
// which it is kept.
func (s *Service) prepareToken(ctx context.Context, t, before *Token) error {
	if err := store.NewInvalidError(s.validateToken(t, before)...); err != nil {
		return err
	}
	t.normalize()
	sc, err := s.scope(ctx)
	if err != nil {
		return err
	}
	added := func(number string) bool {
		return number != permission.Any && !slices.Contains(before.Extensions, number) && !sc.HasExtension(number)
	}
	if slices.ContainsFunc(t.Extensions, added) {
		return &store.ForbiddenError{Reason: "this would give the token extensions outside your scope; ask an administrator with access"}
	}
	return nil
}

// UpdateToken has change edit the token and keeps what came of it; see
// [Service.Update]. An empty list of extensions is refused here: whoever takes
// the last one away would else give it all.
func (s *Service) UpdateToken(ctx context.Context, id string, change func(*Token) error) (*Token, error) {
	return s.mutateToken(ctx, "update", id, func(ctx context.Context, t *Token) error {
		before, edited := t.Clone(), redactToken(t)
		if err := change(edited); err != nil {
			return err
		}
		t.applyEdits(edited)
		if err := s.prepareToken(ctx, t, before); err != nil {
			return err
		}
		before.Disabled = true
		if bytes.Equal(tokenAuditState(t), tokenAuditState(before)) {
			return nil // whoever holds the key can do less than before
		}
		return s.authorizeTokenKey(ctx, t)
	})
}

// authorizeTokenKey refuses, in the transaction of ctx, whoever may not hold the
// credentials of the person of a token: who has its key already would be able
// to do more.
func (s *Service) authorizeTokenKey(ctx context.Context, t *Token) error {
	if s.loadScope == nil {
		return nil
	}
	u, err := s.findAny(ctx, t.UserID)
	if err != nil {
		return err
	}
	return s.authorizeCredentials(ctx, u)
}

// RotateToken gives the token another key, and returns it; the old one stops to
// work.
func (s *Service) RotateToken(ctx context.Context, id string) (*Token, store.Secret, error) {
	var key store.Secret
	t, err := s.mutateToken(ctx, "rotate", id, func(ctx context.Context, t *Token) (err error) {
		if err := s.authorizeTokenKey(ctx, t); err != nil {
			return err
		}
		t.KeyCreatedAt = s.now()
		key, t.KeyHash, err = auth.NewToken(s.opts.Random)
		return err
	})
	if err != nil {
		return nil, store.Secret{}, err
	}
	return t, key, nil
}

// mutateToken runs mutate on a token and keeps what came of it, together with
// its entry in the trail, or nothing. mutate may run more than once.
func (s *Service) mutateToken(ctx context.Context, action, id string, mutate func(ctx context.Context, t *Token) error) (*Token, error) {
	var after *Token
	err := s.audit.Do(ctx, s.store, s.tokenEvent(action, id), func(ctx context.Context, r *audit.Recorder) error {
		before, err := s.findToken(ctx, id)
		if err != nil {
			return err
		}
		after = before.Clone()
		if err := mutate(ctx, after); err != nil {
			return err
		}
		after.UpdatedAt = s.now()
		if err := s.store.UpdateToken(ctx, id, func(t *Token) error {
			// What [Tokens].CountRequest counts is its own.
			after.HourStartedAt, after.HourRequests, after.LastUsedAt = t.HourStartedAt, t.HourRequests, t.LastUsedAt
			*t = *after.Clone()
			return nil
		}); err != nil {
			return err
		}
		return r.Record(ctx, s.tokenChangeEvent(action, before, after))
	})
	if err != nil {
		return nil, err
	}
	s.logToken(ctx, action, after)
	return redactToken(after), nil
}

// DeleteToken removes a token.
func (s *Service) DeleteToken(ctx context.Context, id string) error {
	const action = "delete"
	var deleted *Token
	err := s.audit.Do(ctx, s.store, s.tokenEvent(action, id), func(ctx context.Context, r *audit.Recorder) (err error) {
		if deleted, err = s.findToken(ctx, id); err != nil {
			return err
		}
		if err := s.store.DeleteToken(ctx, id); err != nil {
			return err
		}
		return r.Record(ctx, s.tokenChangeEvent(action, deleted, nil))
	})
	if err != nil {
		return err
	}
	s.logToken(ctx, action, deleted)
	return nil
}

// findToken reads the token of that ID, which may come from a stranger, as the
// store keeps it. That of somebody out of reach is a [store.ForbiddenError].
func (s *Service) findToken(ctx context.Context, id string) (*Token, error) {
	if !tokenIDPattern.MatchString(id) {
		return nil, &store.NotFoundError{Kind: KindToken}
	}
	t, err := s.store.Token(ctx, id)
	if err != nil || s.loadScope == nil {
		return t, err
	}
	if _, err := s.findAny(ctx, t.UserID); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil, &store.NotFoundError{Kind: KindToken}
		}
		return nil, err
	}
	return t, nil
}

// tokenEvent begins an entry of the trail about the token of that ID. What is no
// ID may be a key in the wrong field: it is not kept.
func (s *Service) tokenEvent(action, id string) audit.Event {
	event := audit.Event{Action: action, Kind: KindToken}
	if tokenIDPattern.MatchString(id) {
		event.Key = s.auditName(id)
	}
	return event
}

// tokenChangeEvent returns what the trail is told of a change. before is nil of a
// new token, after of one that is gone.
func (s *Service) tokenChangeEvent(action string, before, after *Token) audit.Event {
	var event audit.Event
	if before != nil {
		event = s.tokenEvent(action, before.ID)
		event.Before, event.PriorState = redactToken(before), tokenAuditState(before)
	}
	if after != nil {
		event.Action, event.Kind, event.Key = action, KindToken, s.auditName(after.ID)
		event.After, event.State = redactToken(after), tokenAuditState(after)
	}
	return event
}

func (s *Service) logToken(ctx context.Context, action string, t *Token) {
	s.opts.Logger.InfoContext(ctx, KindToken+": "+action, "id", t.ID, "user_id", t.UserID, "team", s.store.Team())
}

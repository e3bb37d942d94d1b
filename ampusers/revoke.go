package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
)

// creator returns the actor as the creator of a credential; zero if everything is
// allowed.
func (s *Service) creator() credential.Creator {
	if s.actor == nil {
		return credential.Creator{}
	}
	return credential.Creator{Administrator: *s.actor, At: s.now()}
}

// creatorOf is creator for what op sets. Administrators who set their own credentials
// are no creators.
func (s *Service) creatorOf(op auth.Operation) credential.Creator {
	if selfOnly(op) {
		return credential.Creator{}
	}
	return s.creator()
}

// lookupCreator reads the creator of a credential. It returns nil if the administrator
// was deleted, got the username later, or may not have acted alone: until the password
// of the administrator ended, its creator could act in the same name.
func (s *Service) lookupCreator(ctx context.Context, c credential.Creator) (*Administrator, error) {
	a, err := s.lookup(ctx, c.Administrator)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil || a.CreatedAt.After(c.At) || a.CredentialsRevokedAt.After(c.At) {
		return nil, err
	}
	return a, nil
}

// markPasswordEnded records, in the transaction of ctx, that a password of a ended whose
// creator could act as a until now. A full administrator needs no other name.
func (s *Service) markPasswordEnded(ctx context.Context, a *Administrator, c credential.Creator) error {
	if c.IsZero() {
		return nil
	}
	creator, err := s.lookupCreator(ctx, c)
	if err == nil && (creator == nil || creator.Access != Full) {
		a.CredentialsRevokedAt = s.now()
	}
	return err
}

// CreatorScope returns the [Administrator.Scope] of the creator of a credential as of
// the transaction of ctx, for userman.Options. It is empty if the administrator was
// deleted or disabled, got the username later, or may not have acted alone: a grant
// revoked the administrator's credentials later, or another password replaced one that a
// limited administrator had set.
func (s *Service) CreatorScope(ctx context.Context, c credential.Creator, team string) (scope.Scope, error) {
	a, err := s.lookupCreator(ctx, c)
	if a == nil {
		return scope.Scope{}, err
	}
	return a.Scope(team), nil
}

// revokeOnGrant revokes credentials of after if it has more rights than before: a link
// to set a password, and the credentials whose creators do not cover after. It reports
// them to a preview.
func (s *Service) revokeOnGrant(ctx context.Context, before, after *Administrator) (err error) {
	if before.withDisabled(false).Covers(after) {
		return nil
	}
	revoked := func(c credential.Creator) bool {
		creator, lookupErr := s.lookupCreator(ctx, c)
		err = errors.Join(err, lookupErr)
		return creator == nil || !creator.Covers(after)
	}
	epoch := after.SessionEpoch
	kinds := auth.Revoke(&after.Credentials, &after.SessionEpoch, revoked)
	if after.SessionEpoch != epoch {
		after.CredentialsRevokedAt = s.now()
	}
	if after.Credentials.Invitation.Equal(before.Credentials.Invitation) && after.Credentials.Invitation != nil {
		after.Credentials.Invitation = nil
		kinds = append(kinds, credential.KindPasswordLink)
	}
	if s.revoked != nil {
		*s.revoked = kinds
	}
	return err
}

// withDisabled returns a copy of a that is disabled or not.
func (a *Administrator) withDisabled(disabled bool) *Administrator {
	c := *a
	c.Disabled = disabled
	return &c
}

// errPreviewed rolls a preview back.
var errPreviewed = errors.New("previewed")

// PreviewRevocations returns the kinds of the credentials that [Service.Update] would
// revoke with this change. It saves nothing, and records nothing in the audit log. It
// returns the errors of Update. Do not call it in a transaction.
func (s *Service) PreviewRevocations(ctx context.Context, username string, change func(*Administrator) error) ([]credential.Kind, error) {
	kinds := []credential.Kind{}
	preview := *s
	preview.audit, preview.log, preview.revoked = nil, discardLogger(), &kinds
	err := s.store.RunInTx(ctx, func(ctx context.Context) error {
		if _, err := preview.Update(ctx, username, change); err != nil {
			return err
		}
		return errPreviewed
	})
	if !errors.Is(err, errPreviewed) {
		return nil, err
	}
	return kinds, nil
}

package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

// actor is the administrator that a service acts for, as of now; nil when
// everything is allowed.
type actor Administrator

// ForActor returns a service that does only what actor may: it lists only
// administrators that actor grants (see [Administrator.Covers]), and refuses
// to read, make or change others, or to give what actor has not, with a
// [store.ForbiddenError]. Everybody grants themselves. A second factor is set
// up, and a password changed with [Service.ChangePassword], by its owner only.
// [Service.RestoreAccess] and [Service.Bootstrap] are refused.
//
// The actor's rights are read again in each transaction; an actor who is gone
// or disabled may do nothing. Which sections it takes is for the caller to
// ask. Without As everything is allowed: that is for the host, and for
// programs that have asked already.
func (s *Service) ForActor(actor string) *Service {
	scoped := *s
	scoped.actor = &actor
	return &scoped
}

// loadActor reads the actor.
func (s *Service) loadActor(ctx context.Context) (*actor, error) {
	if s.actor == nil {
		return nil, nil
	}
	a, err := s.lookupEnabled(ctx, *s.actor)
	return (*actor)(a), err
}

// lookupEnabled reads the administrator of that name. It returns an error
// wrapping ErrForbidden if the administrator is deleted or disabled.
func (s *Service) lookupEnabled(ctx context.Context, username string) (*Administrator, error) {
	a, err := s.lookup(ctx, username)
	if errors.Is(err, store.ErrNotFound) || err == nil && a.Disabled {
		return nil, &store.ForbiddenError{Reason: "your administrator account is no longer active; log in again"}
	}
	return a, err
}

// Scope returns the current [Administrator.Scope] of an administrator, as of the
// transaction of ctx. It returns an error wrapping ErrForbidden if the
// administrator is deleted or disabled.
func (s *Service) Scope(ctx context.Context, username, team string) (scope.Scope, error) {
	a, err := s.lookupEnabled(ctx, username)
	if err != nil {
		return scope.Scope{}, err
	}
	return a.Scope(team), nil
}

// authorizeTarget refuses to read or change one who may do more than the actor.
func (a *actor) authorizeTarget(target *Administrator) error {
	if a == nil || (*Administrator)(a).Covers(target) {
		return nil
	}
	return &store.ForbiddenError{Reason: "this administrator may do what you may not; ask somebody who may do at least as much"}
}

// authorizeGrant refuses to give what the actor has not.
func (a *actor) authorizeGrant(target *Administrator) error {
	if a == nil || (*Administrator)(a).Covers(target) {
		return nil
	}
	return &store.ForbiddenError{Reason: "you cannot give what you have not; ask an administrator who has it"}
}

// requireSelf refuses what nobody does for somebody else.
func (s *Service) requireSelf(username string) error {
	if s.actor == nil || len(username) <= maxTextBytes && FoldUsername(*s.actor) == FoldUsername(username) {
		return nil
	}
	return &store.ForbiddenError{Reason: "only the administrators themselves can do this, under their own account"}
}

// requireConsole refuses what takes access to the host.
func (s *Service) requireConsole() error {
	if s.actor == nil {
		return nil
	}
	return &store.ForbiddenError{Reason: "this is done on the host itself; ask whoever runs it"}
}

package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/scope"
)

// actor is the administrator that a service acts for, read in the current
// transaction; nil if everything is allowed.
type actor Administrator

// ForActor returns a service that is limited to the rights of actor. Its lists
// contain only administrators that actor covers (see [Administrator.Covers]). Its
// methods return a [store.ForbiddenError] if actor reads, creates or changes other
// administrators, or grants rights that actor does not have. Administrators always
// cover themselves. Actors can set up a second factor, and call
// [Service.ChangePassword], for themselves only. [Service.RestoreAccess] and
// [Service.Bootstrap] are forbidden.
//
// Every operation loads the actor's rights in its own transaction. A deleted or
// disabled actor can do nothing. The caller checks whether actor can use the section
// of administrators. A service without ForActor allows everything. It is for the
// console, and for programs that check the rights themselves.
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

// lookupEnabled reads an administrator. It returns an error wrapping ErrForbidden
// if the administrator is deleted or disabled.
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

// authorizeTarget rejects a target with more rights than the actor.
func (a *actor) authorizeTarget(target *Administrator) error {
	if a == nil || (*Administrator)(a).Covers(target) {
		return nil
	}
	return &store.ForbiddenError{Reason: "this administrator has more rights than you; ask an administrator with equal or more rights", Concealed: &store.NotFoundError{Kind: kind}}
}

// authorizeGrant rejects rights that the actor does not have.
func (a *actor) authorizeGrant(target *Administrator) error {
	if a == nil || (*Administrator)(a).Covers(target) {
		return nil
	}
	return &store.ForbiddenError{Reason: "you cannot grant rights that you do not have; ask an administrator who has them"}
}

// requireSelf rejects an operation that administrators can only do for themselves.
func (s *Service) requireSelf(username string) error {
	if s.actor == nil || len(username) <= maxTextBytes && FoldUsername(*s.actor) == FoldUsername(username) {
		return nil
	}
	return &store.ForbiddenError{Reason: "administrators can only do this for their own account"}
}

// requireConsole rejects an operation that needs access to the host.
func (s *Service) requireConsole() error {
	if s.actor == nil {
		return nil
	}
	return &store.ForbiddenError{Reason: "this can only be done on the host; ask its operator"}
}

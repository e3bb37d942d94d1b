package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// actor is the administrator that a service acts for, as of now; nil when
// everything is allowed.
type actor Administrator

// As returns a service that does only what actor may: it lists only
// administrators that actor grants (see [Administrator.Grants]), and refuses
// to read, make or change others, or to give what actor has not, with a
// [store.ForbiddenError]. Everybody grants themselves. A second factor is set
// up, and a password changed with [Service.ChangePassword], by its owner only.
// [Service.Recover] and [Service.FirstStart] are refused.
//
// The actor's rights are read again in each transaction; an actor who is gone
// or disabled may do nothing. Which sections it takes is for the caller to
// ask. Without As everything is allowed: that is for the host, and for
// programs that have asked already.
func (s *Service) As(actor string) *Service {
	limited := *s
	limited.actor = &actor
	return &limited
}

// acting reads the actor.
func (s *Service) acting(ctx context.Context) (*actor, error) {
	if s.actor == nil {
		return nil, nil
	}
	a, err := s.find(ctx, *s.actor)
	if errors.Is(err, store.ErrNotFound) || err == nil && a.Disabled {
		return nil, &store.ForbiddenError{Reason: "whoever asks is no enabled administrator any more; log in again"}
	}
	return (*actor)(a), err
}

// reaches refuses to read or change one who may do more than the actor.
func (a *actor) reaches(target *Administrator) error {
	if a == nil || (*Administrator)(a).Grants(target) {
		return nil
	}
	return &store.ForbiddenError{Reason: "this administrator may do what you may not; ask somebody who may do at least as much"}
}

// gives refuses to give what the actor has not.
func (a *actor) gives(target *Administrator) error {
	if a == nil || (*Administrator)(a).Grants(target) {
		return nil
	}
	return &store.ForbiddenError{Reason: "you cannot give what you have not; ask an administrator who has it"}
}

// ownsOnly refuses what nobody does for somebody else.
func (s *Service) ownsOnly(username string) error {
	if s.actor == nil || len(username) <= maxText && FoldUsername(*s.actor) == FoldUsername(username) {
		return nil
	}
	return &store.ForbiddenError{Reason: "only the administrators themselves can do this, under their own account"}
}

// hostOnly refuses what takes access to the host.
func (s *Service) hostOnly() error {
	if s.actor == nil {
		return nil
	}
	return &store.ForbiddenError{Reason: "this is done on the host itself; ask whoever runs it"}
}

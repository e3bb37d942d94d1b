package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// fullStatus is how much of a way in to everything an administrator is.
type fullStatus int

const (
	// notFull is that of the disabled and the Limited.
	notFull fullStatus = iota
	// fullWithoutPassword is that of a Full one who has no password yet.
	fullWithoutPassword
	// fullWithPassword is that of a Full one who can log in.
	fullWithPassword
)

// fullStatus returns that of a; nil is one who is gone.
func (a *Administrator) fullStatus() fullStatus {
	switch {
	case a == nil || a.Disabled || a.Access != Full:
		return notFull
	case !a.Credentials.HasPassword():
		return fullWithoutPassword
	}
	return fullWithPassword
}

// checkLastFull refuses, in the transaction of ctx, what would leave nobody in the
// best standing that there is: no act may take the last way in. after is nil
// when before is to be deleted.
func (s *Service) checkLastFull(ctx context.Context, before, after *Administrator) error {
	if after.fullStatus() >= before.fullStatus() {
		return nil
	}
	found := false
	err := s.eachFull(ctx, func(other *Administrator) bool {
		found = other.Username != before.Username && other.fullStatus() >= before.fullStatus()
		return !found
	})
	if err != nil || found {
		return err
	}
	return lastFullError(before)
}

// eachFull calls visit for every enabled Full administrator, in the order of
// their names, until it returns false.
func (s *Service) eachFull(ctx context.Context, visit func(*Administrator) bool) error {
	q := Query{Access: Full, EnabledOnly: true, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
	for {
		page, err := s.store.ListAdministrators(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			if !visit(a) {
				return nil
			}
		}
		if page.Next == "" {
			return nil
		}
		q.After = page.Next
	}
}

func lastFullError(a *Administrator) error {
	if a.Credentials.HasPassword() {
		return &store.ConflictError{Reason: "this is the last enabled Full administrator who can log in; make another one Full first, with a password"}
	}
	return &store.ConflictError{Reason: "this is the last enabled Full administrator; make another one Full first"}
}

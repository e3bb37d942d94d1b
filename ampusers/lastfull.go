package ampusers

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// fullStatus ranks how far an administrator has full access.
type fullStatus int

const (
	// notFull is a disabled or Limited administrator.
	notFull fullStatus = iota
	// fullWithoutPassword is an enabled Full administrator without a password.
	fullWithoutPassword
	// fullWithPassword is an enabled Full administrator who can log in.
	fullWithPassword
)

// fullStatus returns the status of a. A nil a was deleted.
func (a *Administrator) fullStatus() fullStatus {
	switch {
	case a == nil || a.Disabled || a.Access != Full:
		return notFull
	case !a.Credentials.HasPassword():
		return fullWithoutPassword
	}
	return fullWithPassword
}

// checkLastFull rejects, in the transaction of ctx, a change after which no
// administrator has the highest status that exists before. after is nil if before
// is to be deleted.
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

// eachFull calls visit for every enabled Full administrator, sorted by name, until
// visit returns false.
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
		return &store.ConflictError{Reason: "this is the last enabled full administrator who can log in; give another administrator full access and a password first"}
	}
	return &store.ConflictError{Reason: "this is the last enabled full administrator; give another administrator full access first"}
}

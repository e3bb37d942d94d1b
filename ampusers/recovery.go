package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// firstUsername is that of the administrator whom [Service.FirstStart] makes.
const firstUsername = "admin"

// Recover makes a Full administrator of that name, or makes the one that there
// is Full, enabled and free of a second factor, and returns a link to set a
// password with. All sessions end, and devices are forgotten; the password, if
// there is one, stays until the link is used. It is for whoever has the host:
// never offer it in a page.
func (s *Service) Recover(ctx context.Context, username string) (*Link, error) {
	const action = "recover"
	link, hash, err := s.newLink()
	if err != nil {
		return nil, err
	}
	err = s.trail.ActOnce(ctx, s.store, event(action, username), func(ctx context.Context, event *audit.Event) error {
		if err := s.hostOnly(); err != nil {
			return err
		}
		before, err := s.find(ctx, username)
		if errors.Is(err, store.ErrNotFound) {
			return s.addFull(ctx, event, username, link, hash)
		}
		if err != nil {
			return err
		}
		link.Username = before.Username
		after := recovered(before)
		link.invite(after, hash)
		return s.keep(ctx, event, before, after)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", link.Username)
	return link, nil
}

// recovered returns a as one who may do everything, with nothing in the way.
func recovered(a *Administrator) *Administrator {
	after := a.Clone()
	after.Access, after.Disabled = Full, false
	after.Sections, after.Teams = nil, nil
	after.Extensions, after.DIDs = Ranges{}, Ranges{}
	after.Credentials.SecondFactor, after.Credentials.Devices = nil, nil
	after.endSessions()
	return after
}

// addFull adds a Full administrator with that link.
func (s *Service) addFull(ctx context.Context, event *audit.Event, username string, link *Link, hash []byte) error {
	a := sorted(cleaned(&Administrator{Username: username, Access: Full}))
	if err := store.Invalid(s.check(a, nil)...); err != nil {
		return err
	}
	if err := s.start(a); err != nil {
		return err
	}
	link.Username = a.Username
	link.invite(a, hash)
	return s.add(ctx, event, a)
}

// FirstStart returns nil when an enabled Full administrator has a password.
// Otherwise it makes the administrator "admin", Full and without a password,
// where there are no administrators at all, and returns a link for the first
// enabled Full one, or nil where there is none: then only Recover helps.
func (s *Service) FirstStart(ctx context.Context) (*Link, error) {
	fresh, hash, err := s.newLink()
	if err != nil {
		return nil, err
	}
	const action = "first start"
	invited := false
	if err := s.store.Atomically(ctx, func(ctx context.Context) (err error) {
		if err := s.hostOnly(); err != nil {
			return err
		}
		event := event(action, "")
		if invited, err = s.inviteFirst(ctx, &event, fresh, hash); err != nil || !invited {
			return err
		}
		return s.trail.Record(ctx, event)
	}); err != nil {
		s.trail.RecordFailure(ctx, event(action, ""), err)
		return nil, err
	}
	if !invited {
		return nil, nil
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", fresh.Username)
	return fresh, nil
}

// inviteFirst gives the link to whoever is to use it, if anybody is.
func (s *Service) inviteFirst(ctx context.Context, event *audit.Event, link *Link, hash []byte) (bool, error) {
	first, err := s.firstFull(ctx)
	if err != nil {
		return false, err
	}
	if first == nil {
		everybody, err := s.store.ListAdministrators(ctx, Query{Page: store.Page{Limit: 1}})
		if err != nil || len(everybody.Items) > 0 {
			return false, err
		}
		return true, s.addFull(ctx, event, firstUsername, link, hash)
	}
	if first.Credentials.HasPassword() {
		return false, nil
	}
	after := first.Clone()
	link.Username = first.Username
	link.invite(after, hash)
	return true, s.keep(ctx, event, first, after)
}

// firstFull returns the first enabled Full administrator, one with a password
// before all; nil when there is none.
func (s *Service) firstFull(ctx context.Context) (*Administrator, error) {
	var first *Administrator
	err := s.eachFull(ctx, func(a *Administrator) bool {
		if first == nil || a.Credentials.HasPassword() {
			first = a
		}
		return !a.Credentials.HasPassword()
	})
	return first, err
}

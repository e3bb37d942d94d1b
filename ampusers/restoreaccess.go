package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/scope"
)

// bootstrapUsername is the name of the administrator that [Service.Bootstrap]
// creates.
const bootstrapUsername = "admin"

// RestoreAccess creates a Full administrator with that name, or gives the existing
// one Full access, enables it and removes its second factor. It returns a link to
// set a password. It ends all sessions and forgets trusted devices. An existing
// password works until the link is used, unless its creator has fewer rights (see
// [Service.Update]). RestoreAccess is for the operator of the
// host: never offer it on a page.
func (s *Service) RestoreAccess(ctx context.Context, username string) (*credential.Link, error) {
	const action = "recover"
	link, stored, err := s.authenticator.NewLink(s.opts.InvitationLifetime)
	if err != nil {
		return nil, err
	}
	err = s.audit.Do(ctx, s.store, newEvent(action, username), func(ctx context.Context, r *audit.Recorder) error {
		if err := s.requireConsole(); err != nil {
			return err
		}
		before, err := s.lookup(ctx, username)
		if errors.Is(err, store.ErrNotFound) {
			return s.createFull(ctx, r, username, link, stored)
		}
		if err != nil {
			return err
		}
		link.Username = before.Username
		after := restoreAccess(before)
		after.Credentials.Invitation = stored.Clone()
		return s.save(ctx, r, before, after)
	})
	if err != nil {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", link.Username)
	return link, nil
}

// restoreAccess gives a Full access and removes anything that prevents a login.
func restoreAccess(a *Administrator) *Administrator {
	after := a.Clone()
	after.Access, after.Disabled = Full, false
	after.Sections, after.Teams = nil, nil
	after.Extensions, after.DIDs = scope.Ranges{}, scope.Ranges{}
	after.Credentials.SecondFactor, after.Credentials.Devices = nil, nil
	after.endSessions()
	return after
}

// createFull adds a Full administrator with that link.
func (s *Service) createFull(ctx context.Context, r *audit.Recorder, username string, link *credential.Link, stored *credential.OneTimeToken) error {
	a := normalizeLists(normalizeFields(&Administrator{Username: username, Access: Full}))
	if err := store.NewInvalidError(s.validateFields(a, nil)...); err != nil {
		return err
	}
	if err := s.initManaged(a); err != nil {
		return err
	}
	link.Username = a.Username
	a.Credentials.Invitation = stored.Clone()
	return s.insert(ctx, r, a)
}

// Bootstrap returns nil if an enabled Full administrator has a password. Otherwise
// it returns a link to set a password for the first enabled Full administrator. If
// there are no administrators, it creates the Full administrator "admin" first. If
// there are only others, it returns nil; use [Service.RestoreAccess].
func (s *Service) Bootstrap(ctx context.Context) (*credential.Link, error) {
	link, stored, err := s.authenticator.NewLink(s.opts.InvitationLifetime)
	if err != nil {
		return nil, err
	}
	const action = "first start"
	invited := false
	err = s.audit.Do(ctx, s.store, newEvent(action, ""), func(ctx context.Context, r *audit.Recorder) (err error) {
		if err := s.requireConsole(); err != nil {
			return err
		}
		invited, err = s.inviteFullAdministrator(ctx, r, link, stored)
		return err
	})
	if err != nil || !invited {
		return nil, err
	}
	s.log.InfoContext(ctx, "administrator: "+action, "username", link.Username)
	return link, nil
}

// inviteFullAdministrator returns a link for the administrator of
// [Service.Bootstrap], or nil.
func (s *Service) inviteFullAdministrator(ctx context.Context, r *audit.Recorder, link *credential.Link, stored *credential.OneTimeToken) (bool, error) {
	existing, err := s.findFull(ctx)
	if err != nil {
		return false, err
	}
	if existing == nil {
		page, err := s.store.ListAdministrators(ctx, Query{PageRequest: store.PageRequest{Limit: 1}})
		if err != nil || len(page.Items) > 0 {
			return false, err
		}
		return true, s.createFull(ctx, r, bootstrapUsername, link, stored)
	}
	if existing.Credentials.HasPassword() {
		return false, nil
	}
	after := existing.Clone()
	link.Username = existing.Username
	after.Credentials.Invitation = stored.Clone()
	return true, s.save(ctx, r, existing, after)
}

// findFull returns the first enabled Full administrator, preferably one with a
// password, or nil.
func (s *Service) findFull(ctx context.Context) (*Administrator, error) {
	var first *Administrator
	err := s.eachFull(ctx, func(a *Administrator) bool {
		if first == nil || a.Credentials.HasPassword() {
			first = a
		}
		return !a.Credentials.HasPassword()
	})
	return first, err
}

package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// internal is the [Directory] of the people who are kept here.
type internal struct{ service *Service }

// InternalDirectory returns the people who are kept here as a [Directory]. Its
// external IDs are usernames. Authenticate says nothing but whether the password
// is right: it neither counts tries nor asks whether the person may log in, as
// [Service.Authenticate] does. The visit of Each must not call the service.
func (s *Service) InternalDirectory() Directory { return internal{s} }

// Name implements [Directory].
func (d internal) Name() string { return "" }

// Abilities implements [Directory]: there is nothing to sync with.
func (d internal) Abilities() Abilities {
	return Abilities{
		Authenticate: true, ChangePassword: true, CreateUsers: true, UpdateUsers: true, DeleteUsers: true,
		Groups: true, Sync: false,
	}
}

// Authenticate implements [Directory]. It takes the same time for people who
// do not exist.
func (d internal) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	var hash store.Secret
	switch u, err := d.service.find(ctx, externalID); {
	case err == nil && u.Directory == d.Name():
		hash = u.Credentials.PasswordHash
	case err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrForbidden):
		return false, err
	}
	verdict, err := d.service.hasher.Check(ctx, hash, password)
	return verdict.Match, err
}

// Each implements [Directory].
func (d internal) Each(ctx context.Context, visit func(Entry) error) error {
	return d.service.Each(ctx, func(u *User) error {
		if u.Directory != d.Name() {
			return nil
		}
		return visit(Entry{ExternalID: u.Username, User: u, Owned: ownable(), Groups: u.Groups})
	})
}

package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store/field"

	"github.com/pbxusers/pbxusers/store"
)

// internalDirectory is the [Directory] of the people who are kept here.
type internalDirectory struct{ service *Service }

// InternalDirectory returns the people who are kept here as a [Directory]. Its
// external IDs are usernames. Authenticate says nothing but whether the password
// is right: it neither counts tries nor asks whether the person may log in, as
// [Service.Authenticate] does. The visit of Each must not call the service.
func (s *Service) InternalDirectory() Directory { return internalDirectory{s} }

// Name implements [Directory].
func (d internalDirectory) Name() string { return "" }

// Capabilities implements [Directory]: there is nothing to sync with.
func (d internalDirectory) Capabilities() Capabilities {
	return Capabilities{
		Authenticate: true, ChangePassword: true, CreateUsers: true, UpdateUsers: true, DeleteUsers: true,
		Groups: true, Sync: false,
	}
}

// Authenticate implements [Directory]. It takes the same time for people who
// do not exist.
func (d internalDirectory) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	var hash store.Secret
	switch u, err := d.service.find(ctx, externalID); {
	case err == nil && u.Directory == d.Name():
		hash = u.Credentials.PasswordHash
	case err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrForbidden):
		return false, err
	}
	verdict, err := d.service.hasher.Verify(ctx, hash, password)
	return verdict.Match, err
}

// Each implements [Directory].
func (d internalDirectory) Each(ctx context.Context, visit func(DirectoryEntry) error) error {
	return d.service.Each(ctx, func(u *User) error {
		if u.Directory != d.Name() {
			return nil
		}
		return visit(DirectoryEntry{ExternalID: u.Username, User: u, ManagedFields: Fields().Names(func(m field.Meta) bool { return m.Directory }), Groups: u.Groups})
	})
}

package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// passwordIsExternal reports whether the password of u is not kept here: the directory
// that u comes from compares it, or would if the product still had it.
func (s *Service) passwordIsExternal(u *User) bool {
	if u.Directory == "" {
		return false
	}
	directory, ok := s.directoryOf(u)
	return !ok || directory.Capabilities().Authenticate
}

// requireLocalPassword refuses to set the password of somebody whose directory keeps it.
func (s *Service) requireLocalPassword(u *User) error {
	if !s.passwordIsExternal(u) {
		return nil
	}
	return &store.ConflictError{Reason: "the directory that this person comes from keeps the password; change it there"}
}

// verifyExternally has the directory of u compare the password. That of a
// directory that the product has no more is never right.
func (s *Service) verifyExternally(ctx context.Context, u *User, password store.Secret) (bool, error) {
	directory, ok := s.directoryOf(u)
	if !ok {
		s.opts.Logger.ErrorContext(ctx, KindUser+": the directory that compares the password is not among the options any more",
			"username", u.Username, "directory", u.Directory)
		return false, nil
	}
	return directory.Authenticate(ctx, u.ExternalID, password)
}

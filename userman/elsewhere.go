package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// elsewhere reports whether the password of u is not kept here: the directory
// that u comes from compares it, or would if the product still had it.
func (s *Service) elsewhere(u *User) bool {
	if u.Directory == "" {
		return false
	}
	directory, ok := s.directoryOf(u)
	return !ok || directory.Abilities().Authenticate
}

// keptHere refuses to set the password of somebody whose directory keeps it.
func (s *Service) keptHere(u *User) error {
	if !s.elsewhere(u) {
		return nil
	}
	return &store.ConflictError{Reason: "the directory that this person comes from keeps the password; change it there"}
}

// checkElsewhere has the directory of u compare the password. That of a
// directory that the product has no more is never right.
func (s *Service) checkElsewhere(ctx context.Context, u *User, password store.Secret) (bool, error) {
	directory, ok := s.directoryOf(u)
	if !ok {
		s.opts.Logger.ErrorContext(ctx, PersonRecord+": the directory that compares the password is not among the options any more",
			"username", u.Username, "directory", u.Directory)
		return false, nil
	}
	return directory.Authenticate(ctx, u.ExternalID, password)
}

package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// can reports whether a Switch is on for u.
func (s *Service) can(ctx context.Context, u *User, permission string) (bool, error) {
	policies, err := s.Policies(ctx)
	if err != nil {
		return false, err
	}
	return policies.Of(u).Can(permission), nil
}

// vetPortal is the [login.Vet] of the portal.
func (s *Service) vetPortal(ctx context.Context, a *login.Account) error {
	_, err := s.vet(ctx, a, PortalLogin)
	return err
}

// vet refuses somebody whose password is proven and who is not permitted to log
// in there, and returns them as the store keeps them now. To compare a password
// takes long: whose sessions were ended meanwhile, as a new password and
// [Service.Disable] do, is refused as well.
func (s *Service) vet(ctx context.Context, a *login.Account, permission string) (*User, error) {
	u, err := s.findByID(ctx, a.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, endedMeanwhile()
	}
	if err != nil {
		return nil, err
	}
	if u.SessionGeneration != a.Generation {
		return nil, endedMeanwhile()
	}
	may, err := s.can(ctx, u, permission)
	if err == nil && !may {
		err = notAllowed(permission)
	}
	return u, err
}

// vetFor returns what vets somebody where a password cannot be changed, and
// keeps who was let in.
func (s *Service) vetFor(permission string, letIn **User) login.Vet {
	return func(ctx context.Context, a *login.Account) error {
		u, err := s.vet(ctx, a, permission)
		if err == nil && s.MustChangePassword(s.show(u)) {
			err = passwordExpired()
		}
		*letIn = u
		return err
	}
}

func endedMeanwhile() *credential.LoginError {
	return &credential.LoginError{Code: credential.WrongPassword, Message: "the sessions were ended meanwhile; log in again"}
}

// notAllowed names the permission, so that whoever is asked knows what to turn
// on.
func notAllowed(permission string) *credential.LoginError {
	return &credential.LoginError{
		Code:    credential.NotAllowed,
		Message: "you are not permitted to log in here; ask your administrator to turn on the permission " + permission + " for you",
	}
}

func passwordExpired() *credential.LoginError {
	return &credential.LoginError{
		Code:    credential.PasswordExpired,
		Message: "your password has to be changed first; log in to the portal and choose another one",
	}
}

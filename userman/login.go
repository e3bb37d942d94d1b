package userman

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/auth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Login is a login that succeeded.
type Login struct {
	User *User
	// Device is for this device to keep and to show at the next login: while
	// others guess at this account, a device that is known still gets in.
	Device store.Secret
	// RecoveryCodesLeft is how many are left when this login used one; -1
	// when it did not.
	RecoveryCodesLeft int
	// MustChangePassword says that the session is good for
	// [Service.ChangePassword] only, see [Service.MustChangePassword].
	MustChangePassword bool
}

// Authenticate logs a person in to the portal, or refuses with a
// [credential.LoginError], or, after too many tries, with a
// [store.RateLimitedError]. Unknown people and wrong passwords take the same time
// and get the same answer. Who is not permitted [permission.PortalLogin] is told so once
// the password is proven.
//
// In the trail are the logins and the refusals, but that a code is still asked
// for; of those that are held up only the first. A name that nobody has is not
// kept: people type passwords there.
func (s *Service) Authenticate(ctx context.Context, attempt credential.LoginAttempt) (*Login, error) {
	result, err := s.authenticator.Authenticate(ctx, attempt, s.authorizePortal)
	return s.startSession(ctx, result, err)
}

// ConfirmLogin ends a login that [Service.Authenticate] answered with
// CodeRequired or WrongCode: whoever calls vouches that this visitor has proven
// the password of newLoginAttempt.Username a few minutes ago, when the sessions were of
// that generation. newLoginAttempt.Password is ignored. The refusals are those of
// Authenticate; WrongPassword means that it has to begin again.
func (s *Service) ConfirmLogin(ctx context.Context, attempt credential.LoginAttempt, generation int64) (*Login, error) {
	result, err := s.authenticator.Confirm(ctx, attempt, generation, s.authorizePortal)
	return s.startSession(ctx, result, err)
}

// startSession returns what came of a login: a session of the generation that was
// proven, which ends at once when the password was changed meanwhile.
func (s *Service) startSession(ctx context.Context, result *auth.Login, err error) (*Login, error) {
	if err != nil {
		return nil, err
	}
	u, err := s.Session(ctx, result.Account.ID, result.Account.SessionEpoch)
	if errors.Is(err, store.ErrNotFound) {
		return nil, sessionsEnded()
	}
	if err != nil {
		return nil, err
	}
	return &Login{
		User: u, Device: result.DeviceToken, RecoveryCodesLeft: result.RecoveryCodesLeft, MustChangePassword: s.MustChangePassword(u),
	}, nil
}

// Session returns the person of a session that began at that generation (see
// [User.SessionEpoch]), with the rights of now. A [store.NotFoundError]
// when the session has ended: the person is gone, disabled or may not use the
// portal any more, or all sessions were ended since. What a session is good for
// says [Service.MustChangePassword].
func (s *Service) Session(ctx context.Context, id string, generation int64) (*User, error) {
	ended := &store.NotFoundError{Kind: "session"}
	u, err := s.findByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ended
	}
	if err != nil {
		return nil, err
	}
	if u.Disabled || u.SessionEpoch != generation {
		return nil, ended
	}
	allowed, err := s.hasPermission(ctx, u, permission.PortalLogin)
	if err == nil && !allowed {
		err = ended
	}
	if err != nil {
		return nil, err
	}
	return s.redact(u), nil
}

// MustChangePassword reports whether a session of u, as the service returned
// them, is good for [Service.ChangePassword] only: it was asked for, or the
// password has expired. It is never so of people whose directory keeps the
// password.
func (s *Service) MustChangePassword(u *User) bool {
	if !u.HasPassword || s.passwordIsExternal(u) {
		return false
	}
	expired := !u.PasswordExpiresAt.IsZero() && !s.now().Before(u.PasswordExpiresAt)
	return u.MustChangePassword || expired
}

package ampusers

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/internal/login"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// Attempt is somebody who wants to log in.
type Attempt = credential.Attempt

// Login is a login that succeeded.
type Login struct {
	Administrator *Administrator
	// Device is for this device to keep and to show at the next login: while
	// others guess at this account, a device that is known still gets in.
	Device store.Secret
	// RecoveryCodesLeft is how many are left when this login used one; -1
	// when it did not.
	RecoveryCodesLeft int
}

// LoginCode says why a login was refused, for programs.
type LoginCode = credential.Code

// Why a login is refused.
const (
	// WrongPassword also stands for a username that does not exist and for
	// an administrator without a password.
	WrongPassword = credential.WrongPassword
	// AccountDisabled is only said to those who know the password.
	AccountDisabled = credential.AccountDisabled
	// CodeRequired and WrongCode are only said to those who know the
	// password.
	CodeRequired = credential.CodeRequired
	WrongCode    = credential.WrongCode
	// OtherAccount is only said to those who know the secret of that other
	// account.
	OtherAccount = credential.OtherAccount
)

// LoginError says that a login was refused. It matches [store.ErrForbidden].
// Its Generation is for [Service.ConfirmLogin].
type LoginError = credential.LoginError

// Authenticate logs an administrator in, or refuses with a [LoginError], or,
// after too many tries, with a [store.ThrottledError]. An unknown user and a
// wrong password take the same time and get the same answer. Codes of an
// authenticator app are counted apart from passwords.
//
// In the trail are the logins and the refusals, but that a code is still asked
// for; of those that are held up only the first. A name that no administrator
// has is not kept: people type passwords there.
func (s *Service) Authenticate(ctx context.Context, attempt Attempt) (*Login, error) {
	done, err := s.desk.Authenticate(ctx, attempt, nil)
	return s.begun(ctx, done, err)
}

// ConfirmLogin ends a login that [Service.Authenticate] answered with
// CodeRequired or WrongCode: whoever calls vouches that this visitor has
// proven the password of attempt.Username a few minutes ago, when the sessions
// were of that generation. attempt.Password is ignored. The refusals are those
// of Authenticate; WrongPassword means that it has to begin again.
func (s *Service) ConfirmLogin(ctx context.Context, attempt Attempt, generation int64) (*Login, error) {
	done, err := s.desk.Confirm(ctx, attempt, generation, nil)
	return s.begun(ctx, done, err)
}

// begun returns what came of a login: a session of the generation that was
// proven, which ends at once when the password was changed meanwhile.
func (s *Service) begun(ctx context.Context, done *login.Login, err error) (*Login, error) {
	if err != nil {
		return nil, err
	}
	a, err := s.Session(ctx, done.Account.Name, done.Account.Generation)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &LoginError{Code: WrongPassword, Message: "the sessions were ended meanwhile; log in again"}
	}
	if err != nil {
		return nil, err
	}
	return &Login{Administrator: a, Device: done.Device, RecoveryCodesLeft: done.RecoveryCodesLeft}, nil
}

package credential

import "github.com/pbxusers/pbxusers/store"

// Attempt is somebody who wants to log in.
type Attempt struct {
	Username string
	Password store.Secret
	// Code is a code of the authenticator app or a recovery code; empty when
	// it was not asked for yet.
	Code string
	// Source is the address that the attempt comes from, without a port.
	Source string
	// Device is the token that an earlier login gave to this device; zero
	// when there is none.
	Device store.Secret
}

// Code says why a login was refused, for programs.
type Code string

// Why a login is refused.
const (
	// WrongPassword also stands for a username that does not exist and for
	// somebody without a password.
	WrongPassword Code = "wrong_password"
	// AccountDisabled is only said to those who know the password.
	AccountDisabled Code = "disabled"
	// CodeRequired and WrongCode are only said to those who know the
	// password.
	CodeRequired Code = "code_required"
	WrongCode    Code = "wrong_code"
	// OtherAccount is only said to those who know the secret of that other
	// account.
	OtherAccount Code = "other_account"
	// NotAllowed is only said to those who know the password: they may not
	// use what they want to log in to.
	NotAllowed Code = "not_allowed"
	// PasswordExpired is only said to those who know the password, and only
	// where it cannot be changed: see userman.Service.VerifyFor.
	PasswordExpired Code = "password_expired"
)

// LoginError says that a login was refused. It matches [store.ErrForbidden].
type LoginError struct {
	Code Code
	// Message is one sentence for people.
	Message string
	// Generation is what a login that waits for its code is ended with, when
	// Code is CodeRequired or WrongCode.
	Generation int64
}

func (e *LoginError) Error() string { return e.Message }

// Is reports whether target is [store.ErrForbidden].
func (e *LoginError) Is(target error) bool { return target == store.ErrForbidden }

// AuditReason tells the audit trail why.
func (e *LoginError) AuditReason() string { return string(e.Code) }

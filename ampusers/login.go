package ampusers

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
type LoginCode string

// Why a login is refused.
const (
	// WrongPassword also stands for a username that does not exist and for
	// an administrator without a password.
	WrongPassword LoginCode = "wrong_password"
	// AccountDisabled is only said to those who know the password.
	AccountDisabled LoginCode = "disabled"
	// CodeRequired and WrongCode are only said to those who know the
	// password.
	CodeRequired LoginCode = "code_required"
	WrongCode    LoginCode = "wrong_code"
	// OtherAccount is only said to those who know the secret of that other
	// account.
	OtherAccount LoginCode = "other_account"
)

// LoginError says that a login was refused. It matches [store.ErrForbidden].
type LoginError struct {
	Code LoginCode
	// Message is one sentence for people.
	Message string
	// Generation is for [Service.ConfirmLogin], when Code is CodeRequired or
	// WrongCode.
	Generation int64
}

func (e *LoginError) Error() string { return e.Message }

// Is reports whether target is [store.ErrForbidden].
func (e *LoginError) Is(target error) bool { return target == store.ErrForbidden }

// AuditReason tells the audit trail why.
func (e *LoginError) AuditReason() string { return string(e.Code) }

func wrongPassword() *LoginError {
	return &LoginError{Code: WrongPassword, Message: "the username or the password is wrong; try again"}
}

func accountDisabled() *LoginError {
	return &LoginError{Code: AccountDisabled, Message: "this administrator is disabled; ask another administrator to enable it"}
}

func codeRequired(generation int64) *LoginError {
	return &LoginError{Code: CodeRequired, Message: "type the code that your authenticator app shows, or a recovery code", Generation: generation}
}

func wrongCode(generation int64) *LoginError {
	return &LoginError{Code: WrongCode, Message: "this code is wrong or was used already; wait for the next one, or use a recovery code", Generation: generation}
}

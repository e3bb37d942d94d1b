package credential

import (
	"net/netip"

	"github.com/pbxusers/pbxusers/store"
)

// LoginAttempt is somebody who wants to log in.
type LoginAttempt struct {
	Username string
	Password store.Secret
	// Code is a code of the authenticator app or a recovery code; empty when
	// it was not asked for yet.
	Code string
	// RemoteAddr is the IP address of the caller.
	RemoteAddr netip.Addr
	// Service names the service that asks without knowing the address of the
	// caller, such as "xmpp". It is empty where RemoteAddr is set.
	Service string
	// DeviceToken is the token that an earlier login gave to this device; zero
	// when there is none.
	DeviceToken store.Secret
}

// LoginErrorCode says why a login was refused, for programs.
type LoginErrorCode string

// Why a login is refused.
const (
	// InvalidCredentials also stands for a username that does not exist and for
	// somebody without a password.
	InvalidCredentials LoginErrorCode = "invalid_credentials"
	// AccountDisabled is only said to those who know the password.
	AccountDisabled LoginErrorCode = "account_disabled"
	// MFARequired is for programs that answer a login with one code, see
	// [LoginResult.MFARequired]. Callers see MFARequired and InvalidMFACode only
	// if the password is right.
	MFARequired    LoginErrorCode = "mfa_required"
	InvalidMFACode LoginErrorCode = "invalid_mfa_code"
	// WrongAccountType is only said to those who know the secret of that other
	// account.
	WrongAccountType LoginErrorCode = "wrong_account_type"
	// NotAuthorized is only said to those who know the password: they may not
	// use what they want to log in to.
	NotAuthorized LoginErrorCode = "not_authorized"
	// PasswordExpired is only said to those who know the password, and only
	// where it cannot be changed: see userman.Service.AuthenticateService.
	PasswordExpired LoginErrorCode = "password_expired"
)

// LoginError says that a login was refused. It matches [store.ErrForbidden].
type LoginError struct {
	Code LoginErrorCode
	// Message is one sentence for people.
	Message string
}

func (e *LoginError) Error() string { return e.Message }

// Is reports whether target is [store.ErrForbidden].
func (e *LoginError) Is(target error) bool { return target == store.ErrForbidden }

// AuditReason tells the audit trail why.
func (e *LoginError) AuditReason() string { return string(e.Code) }

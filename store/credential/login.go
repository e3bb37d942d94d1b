package credential

import (
	"net/netip"

	"github.com/pbxusers/pbxusers/store"
)

// LoginAttempt is a request to log in.
type LoginAttempt struct {
	Username string
	Password store.Secret
	// Code is a code of the authenticator app or a recovery code; empty if none was
	// requested.
	Code string
	// RemoteAddr is the IP address of the caller.
	RemoteAddr netip.Addr
	// Service names a service that does not know the address of its client, such as
	// "xmpp". It is empty if RemoteAddr is set.
	Service string
	// DeviceToken is the token of a trusted device; zero if there is none.
	DeviceToken store.Secret
}

// LoginErrorCode is the reason for a denied login, for programs.
type LoginErrorCode string

// The reasons for a denied login.
const (
	// InvalidCredentials also covers an unknown username and an account without a
	// password.
	InvalidCredentials LoginErrorCode = "invalid_credentials"
	// AccountDisabled is returned only if the password is right.
	AccountDisabled LoginErrorCode = "account_disabled"
	// MFARequired is for programs that answer a login with one code, see
	// [LoginResult.MFARequired]. Callers see MFARequired and InvalidMFACode only
	// if the password is right.
	MFARequired    LoginErrorCode = "mfa_required"
	InvalidMFACode LoginErrorCode = "invalid_mfa_code"
	// WrongAccountType is returned only if the secret of the other account is
	// right.
	WrongAccountType LoginErrorCode = "wrong_account_type"
	// NotAuthorized means that the account has no access to the service. It is
	// returned only if the password is right.
	NotAuthorized LoginErrorCode = "not_authorized"
	// PasswordExpired is returned only if the password is right, and only by
	// userman.Service.AuthenticateService, where it cannot be changed.
	PasswordExpired LoginErrorCode = "password_expired"
)

// LoginError is the error of a denied login. It matches [store.ErrForbidden].
type LoginError struct {
	Code LoginErrorCode
	// Message is one sentence of text.
	Message string
}

func (e *LoginError) Error() string { return e.Message }

// Is reports whether target is [store.ErrForbidden].
func (e *LoginError) Is(target error) bool { return target == store.ErrForbidden }

// AuditReason returns the reason for the audit log.
func (e *LoginError) AuditReason() string { return string(e.Code) }

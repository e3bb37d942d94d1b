package credential

import (
	"net/netip"

	"github.com/pbxusers/pbxusers/store"
)

// LoginResult is the result of a login with the right password. With MFAToken, the
// login is not complete until a code is confirmed.
type LoginResult struct {
	// MFAToken identifies the pending login in [MFAAttempt]. It works for five
	// minutes and for one login. It is zero when the login is complete.
	MFAToken store.Secret
	// DeviceToken is for the device to store and to send with its next login. A
	// trusted device can log in while others guess at the account.
	DeviceToken store.Secret
	// RecoveryCodesLeft is how many recovery codes are left when the login used
	// one, else -1.
	RecoveryCodesLeft int
}

// MFARequired reports whether the login waits for a code.
func (r *LoginResult) MFARequired() bool { return !r.MFAToken.IsZero() }

// MFAAttempt is the second step of a login.
type MFAAttempt struct {
	// Token is the MFAToken of the first step.
	Token store.Secret
	// Code is a code of the authenticator app or a recovery code.
	Code string
	// RemoteAddr is the IP address of the caller.
	RemoteAddr netip.Addr
	// DeviceToken is the token of a trusted device, zero for another device.
	DeviceToken store.Secret
}

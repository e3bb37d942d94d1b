package credential

import "github.com/pbxusers/pbxusers/store"

// TOTPEnrollment enrolls an authenticator app, in one of three forms. Each form
// contains the secret of the second factor: show them only to the owner.
type TOTPEnrollment struct {
	// Secret is for manual entry: 32 letters and digits of base32 (RFC 4648),
	// without padding.
	Secret store.Secret
	// URL is for links: otpauth://totp/ with the secret and the name of the account
	// in the app.
	URL store.Secret
	// QR is for scanning: the URL as a PNG of 256 pixels square. It contains the
	// secret, too.
	QR []byte
}

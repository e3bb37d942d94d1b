package credential

import "github.com/pbxusers/pbxusers/store"

// TOTPEnrollment is what an authenticator app has to be given, in three forms of
// which one is enough. Whoever has any of them has the second factor: show them
// to their owner alone.
type TOTPEnrollment struct {
	// Secret is for typing: 32 letters and digits of base32 (RFC 4648), without
	// padding.
	Secret store.Secret
	// URL is for clicking: otpauth://totp/ with the secret, and what the app
	// calls the account.
	URL store.Secret
	// QR is for scanning: the URL as a PNG of 256 pixels square. It holds the
	// secret, too.
	QR []byte
}

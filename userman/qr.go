package userman

import (
	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store"
)

// QR returns a URL, such as that of a [Link] or what a softphone is given to
// set itself up, as a QR code for the camera of a telephone: a PNG of size
// pixels square, at most 2048, with the light border that scanners need. The
// error says how many pixels it takes at least, or that the URL is empty or too
// long; it does not hold the URL.
func QR(url store.Secret, size int) ([]byte, error) { return totp.QR(url, size) }

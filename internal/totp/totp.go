// Package totp implements the second factor of a login: the time-based codes of
// an authenticator app (TOTP, RFC 6238: SHA-1, 6 digits, 30 seconds, as all apps
// know it), and recovery codes for a lost app.
//
// It holds no state: package ratelimit limits guesses, and the caller stores
// which codes were used.
package totp

import (
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/pquerna/otp"

	"github.com/pbxusers/pbxusers/store"
)

// secretLength is what RFC 4226, section 4, recommends, and minSecretLength
// what it asks for, in bytes.
const (
	secretLength    = 20
	minSecretLength = 16
)

var secretBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// errInvalidSecret never holds the secret, unlike the errors of base32 and url.
var errInvalidSecret = errors.New("this is no secret of an authenticator app: 26 or more letters and digits of base32 are needed")

// NewSecret returns a secret of 20 random bytes in base32, as apps want it.
func NewSecret(random io.Reader) (store.Secret, error) {
	secret := make([]byte, secretLength)
	if _, err := io.ReadFull(random, secret); err != nil {
		return store.Secret{}, fmt.Errorf("make a secret: %w", err)
	}
	return store.NewSecret(secretBase32.EncodeToString(secret)), nil
}

// isSecret reports whether secret can make codes. One that is too short cannot:
// the codes of no secret at all are known to everybody.
func isSecret(secret store.Secret) bool {
	key, err := secretBase32.DecodeString(secret.Reveal())
	return err == nil && len(key) >= minSecretLength
}

// URL returns the otpauth:// URL that an app reads, from a QR code for example.
// The issuer is the product and account the username, as the app will show
// them; colons are shown as blanks, because a colon stands between the two.
func URL(issuer, account string, secret store.Secret) (store.Secret, error) {
	if !isSecret(secret) {
		return store.Secret{}, errInvalidSecret
	}
	issuer, account = strings.ReplaceAll(issuer, ":", " "), strings.ReplaceAll(account, ":", " ")
	if issuer == "" || account == "" {
		return store.Secret{}, errors.New("an authenticator app needs the name of the product and a username to show")
	}
	// Not totp.Generate: it lets an & in the issuer through as it is.
	query := url.Values{
		"secret":    {secret.Reveal()},
		"issuer":    {issuer},
		"algorithm": {otp.AlgorithmSHA1.String()},
		"digits":    {otp.DigitsSix.String()},
		"period":    {strconv.Itoa(period)},
	}
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	// Some apps show the plus of a form as a plus.
	return store.NewSecret("otpauth://totp/" + label + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")), nil
}

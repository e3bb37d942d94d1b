package totp

import (
	"crypto/subtle"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/pbxusers/pbxusers/store"
)

// period is how long a code is shown, in seconds, and codeLength how many
// digits it has.
const (
	period     = 30
	codeLength = 6
)

// maxInputBytes bounds what is looked at of a code that somebody typed, in bytes.
const maxInputBytes = 128

// Validate returns the time step that code is of, one step early or late
// included, and whether it is later than last, the step of the code that was
// accepted before: no code is accepted twice. Blanks within the code do not
// matter. A code of no step is of step 0.
func Validate(secret store.Secret, code string, now time.Time, last int64) (step int64, ok bool) {
	input := []byte(stripSpaces(code))
	if !isSecret(secret) || !IsCode(code) || now.Unix() < period {
		return 0, false
	}
	// All steps are compared, so that time does not tell which one it was,
	// and the latest counts, so that a code that happens to be of two steps
	// is not accepted twice.
	current := now.Unix() / period
	for at := current - 1; at <= current+1; at++ {
		want, err := codeAt(secret, at)
		if err == nil && subtle.ConstantTimeCompare([]byte(want), input) == 1 {
			step = at
		}
	}
	return step, step > max(last, 0)
}

// IsCode reports whether code has the form of those that an app shows, so that
// it may be a guess. What has not can at most be a recovery code.
func IsCode(code string) bool {
	input := stripSpaces(code)
	return len(input) == codeLength && strings.Trim(input, "0123456789") == ""
}

func codeAt(secret store.Secret, step int64) (string, error) {
	return hotp.GenerateCodeCustom(secret.Reveal(), uint64(step), //nolint:gosec // Match refuses the time before 1970
		hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// stripSpaces returns what was typed without the blanks in it, and nothing of
// what is far too long.
func stripSpaces(input string) string {
	if len(input) > maxInputBytes {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, input)
}

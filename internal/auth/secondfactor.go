package auth

import (
	"io"
	"time"

	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

const (
	// recoveryCodeCount is how many are given.
	recoveryCodeCount = 10
	// qrSize is that of [credential.TOTPEnrollment.QR], in pixels.
	qrSize = 256
	// maxCodeLength bounds a code, in bytes: a recovery code with blanks and
	// dashes fits.
	maxCodeLength = 100
)

// BeginSecondFactor gives c a new secret that counts only after [ConfirmSecondFactor]. A
// second factor that there is already is a [store.ConflictError].
func BeginSecondFactor(c *credential.Credentials, random io.Reader) error {
	if c.HasSecondFactor() {
		return &store.ConflictError{Reason: "there is a second factor already; remove it first"}
	}
	secret, err := totp.NewSecret(random)
	if err != nil {
		return err
	}
	c.SecondFactor = &credential.TOTP{Secret: secret}
	return nil
}

// PendingSecondFactor returns the enrolment that was begun and not confirmed. A
// [store.NotFoundError] when there is none.
func PendingSecondFactor(c *credential.Credentials, issuer, account string) (*credential.TOTPEnrollment, error) {
	factor, err := pendingTOTP(c)
	if err != nil {
		return nil, err
	}
	url, err := totp.URL(issuer, account, factor.Secret)
	if err != nil {
		return nil, err
	}
	qr, err := totp.QR(url, qrSize)
	if err != nil {
		return nil, err
	}
	return &credential.TOTPEnrollment{Secret: factor.Secret, URL: url, QR: qr}, nil
}

// pendingTOTP returns the second factor that waits for its first code.
func pendingTOTP(c *credential.Credentials) (*credential.TOTP, error) {
	if c.SecondFactor == nil || c.SecondFactor.Confirmed {
		return nil, &store.NotFoundError{Kind: "second factor that waits for its first code"}
	}
	return c.SecondFactor, nil
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and gives
// it these recovery codes. A wrong code is a [store.InvalidError] on "code"; a
// second factor that was not begun is a [store.NotFoundError].
func ConfirmSecondFactor(c *credential.Credentials, code string, now time.Time, recoveryHashes [][]byte) error {
	factor, err := pendingTOTP(c)
	if err != nil {
		return err
	}
	step, ok := totp.Validate(factor.Secret, boundCode(code), now, factor.LastStep)
	if !ok {
		return store.NewInvalidError(store.FieldError{
			Field: "code", Code: store.CodeWrong, Message: "this is not what the app shows now; check the clock of the device, and type the next code",
		})
	}
	factor.Confirmed, factor.LastStep, factor.RecoveryHashes = true, step, recoveryHashes
	return nil
}

// ReplaceRecoveryCodes gives c other recovery codes. A [store.ConflictError]
// when there is no second factor.
func ReplaceRecoveryCodes(c *credential.Credentials, recoveryHashes [][]byte) error {
	if !c.HasSecondFactor() {
		return &store.ConflictError{Reason: "there is no second factor; set one up first"}
	}
	c.SecondFactor.RecoveryHashes = recoveryHashes
	return nil
}

// NewRecoveryCodes returns ten new recovery codes, and what to keep of them.
func NewRecoveryCodes(random io.Reader) (codes []store.Secret, hashes [][]byte, err error) {
	return totp.NewRecoveryCodes(random, recoveryCodeCount)
}

// boundCode returns code, or another wrong one in the place of what is too long
// to be a code.
func boundCode(code string) string {
	if len(code) > maxCodeLength {
		return "-"
	}
	return code
}

package auth

import (
	"io"
	"time"

	"github.com/pbxusers/pbxusers/internal/totp"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

const (
	// recoveryCodeCount is the number of recovery codes.
	recoveryCodeCount = 10
	// qrSize is the size of [credential.TOTPEnrollment.QR] in pixels.
	qrSize = 256
	// maxCodeLength is the maximum length of a code in bytes, enough for a recovery
	// code with spaces and dashes.
	maxCodeLength = 100
)

// BeginSecondFactor sets a new secret that takes effect with [ConfirmSecondFactor].
// It returns a [store.ConflictError] if there already is a second factor.
func BeginSecondFactor(c *credential.Credentials, random io.Reader) error {
	if c.HasSecondFactor() {
		return &store.ConflictError{Reason: "there already is a second factor; remove it first"}
	}
	secret, err := totp.NewSecret(random)
	if err != nil {
		return err
	}
	c.SecondFactor = &credential.TOTP{Secret: secret}
	return nil
}

// PendingSecondFactor returns the enrollment that is not confirmed. It returns a
// [store.NotFoundError] if there is none.
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

// pendingTOTP returns the second factor that is not confirmed.
func pendingTOTP(c *credential.Credentials) (*credential.TOTP, error) {
	if c.SecondFactor == nil || c.SecondFactor.Confirmed {
		return nil, &store.NotFoundError{Kind: "pending second factor"}
	}
	return c.SecondFactor, nil
}

// ConfirmSecondFactor turns the second factor on, given a code of the app, and sets
// the recovery codes. It returns a [store.InvalidError] on "code" if the code is
// wrong, and a [store.NotFoundError] if no enrollment is pending.
func ConfirmSecondFactor(c *credential.Credentials, code string, now time.Time, recoveryHashes [][]byte) error {
	factor, err := pendingTOTP(c)
	if err != nil {
		return err
	}
	step, ok := totp.Validate(factor.Secret, boundCode(code), now, factor.LastStep)
	if !ok {
		return store.NewInvalidError(store.FieldError{
			Field: "code", Code: store.CodeWrong, Message: "wrong code; check the clock of the device, and enter the next code",
		})
	}
	factor.Confirmed, factor.LastStep, factor.RecoveryHashes = true, step, recoveryHashes
	return nil
}

// ReplaceRecoveryCodes sets other recovery codes. It returns a
// [store.ConflictError] if there is no second factor.
func ReplaceRecoveryCodes(c *credential.Credentials, recoveryHashes [][]byte) error {
	if !c.HasSecondFactor() {
		return &store.ConflictError{Reason: "there is no second factor; set one up first"}
	}
	c.SecondFactor.RecoveryHashes = recoveryHashes
	return nil
}

// NewRecoveryCodes returns ten new recovery codes and their hashes.
func NewRecoveryCodes(random io.Reader) (codes []store.Secret, hashes [][]byte, err error) {
	return totp.NewRecoveryCodes(random, recoveryCodeCount)
}

// boundCode returns code, or a wrong code if code is too long.
func boundCode(code string) string {
	if len(code) > maxCodeLength {
		return "-"
	}
	return code
}

package login

import (
	"io"
	"time"

	"github.com/pbxusers/pbxusers/internal/secondfactor"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

const (
	// recoveryCodes is how many are given.
	recoveryCodes = 10
	// qrSize is that of [credential.Enrolment.QR], in pixels.
	qrSize = 256
	// maxCode bounds a code, in bytes: a recovery code with blanks and
	// dashes fits.
	maxCode = 100
)

// BeginFactor gives c a new secret that counts only after [ConfirmFactor]. A
// second factor that there is already is a [store.ConflictError].
func BeginFactor(c *credential.Set, random io.Reader) error {
	if c.HasSecondFactor() {
		return &store.ConflictError{Reason: "there is a second factor already; remove it first"}
	}
	secret, err := secondfactor.NewSecret(random)
	if err != nil {
		return err
	}
	c.SecondFactor = &credential.Factor{Secret: secret}
	return nil
}

// PendingFactor returns the enrolment that was begun and not confirmed. A
// [store.NotFoundError] when there is none.
func PendingFactor(c *credential.Set, issuer, account string) (*credential.Enrolment, error) {
	factor, err := pending(c)
	if err != nil {
		return nil, err
	}
	url, err := secondfactor.URL(issuer, account, factor.Secret)
	if err != nil {
		return nil, err
	}
	qr, err := secondfactor.QR(url, qrSize)
	if err != nil {
		return nil, err
	}
	return &credential.Enrolment{Secret: factor.Secret, URL: url, QR: qr}, nil
}

// pending returns the second factor that waits for its first code.
func pending(c *credential.Set) (*credential.Factor, error) {
	if c.SecondFactor == nil || c.SecondFactor.Confirmed {
		return nil, &store.NotFoundError{Kind: "second factor that waits for its first code"}
	}
	return c.SecondFactor, nil
}

// ConfirmFactor turns the second factor on, given a code of the app, and gives
// it these recovery codes. A wrong code is a [store.InvalidError] on "code"; a
// second factor that was not begun is a [store.NotFoundError].
func ConfirmFactor(c *credential.Set, code string, now time.Time, recoveryHashes [][]byte) error {
	factor, err := pending(c)
	if err != nil {
		return err
	}
	step, ok := secondfactor.Match(factor.Secret, bounded(code), now, factor.LastStep)
	if !ok {
		return store.Invalid(store.FieldError{
			Field: "code", Code: "wrong", Message: "this is not what the app shows now; check the clock of the device, and type the next code",
		})
	}
	factor.Confirmed, factor.LastStep, factor.RecoveryHashes = true, step, recoveryHashes
	return nil
}

// ReplaceRecoveryCodes gives c other recovery codes. A [store.ConflictError]
// when there is no second factor.
func ReplaceRecoveryCodes(c *credential.Set, recoveryHashes [][]byte) error {
	if !c.HasSecondFactor() {
		return &store.ConflictError{Reason: "there is no second factor; set one up first"}
	}
	c.SecondFactor.RecoveryHashes = recoveryHashes
	return nil
}

// NewRecoveryCodes returns ten new recovery codes, and what to keep of them.
func NewRecoveryCodes(random io.Reader) (codes []store.Secret, hashes [][]byte, err error) {
	return secondfactor.RecoveryCodes(random, recoveryCodes)
}

// bounded returns code, or another wrong one in the place of what is too long
// to be a code.
func bounded(code string) string {
	if len(code) > maxCode {
		return "-"
	}
	return code
}

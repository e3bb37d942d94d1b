package sqlstore

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// credentialColumns are the columns of credentials.
func credentialColumns() []string {
	return []string{
		"password_hash", "second_factor", "second_factor_confirmed", "second_factor_step", "recovery_hashes",
		"invitation_hash", "invitation_expires_at", "devices",
	}
}

// encodeCredentials returns the values of credentialColumns. sealContext is the
// encryption context of the secret of the second factor.
func (db *DB) encodeCredentials(c *credential.Credentials, sealContext string) []any {
	totp := credential.TOTP{}
	var sealed any // NULL unless there is one
	if c.SecondFactor != nil {
		totp = *c.SecondFactor
		sealed = db.keyring.Seal([]byte(totp.Secret.Reveal()), sealContext)
	}
	invitation, expires := encodeOneTimeToken(c.Invitation)
	return []any{
		c.PasswordHash.Reveal(), sealed, totp.Confirmed, totp.LastStep, encodeHashes(totp.RecoveryHashes),
		invitation, expires, encodeDevices(c.Devices),
	}
}

// encodeOneTimeToken returns the values of the two columns of a link: NULL if there
// is none.
func encodeOneTimeToken(l *credential.OneTimeToken) (hash, expires any) {
	if l == nil {
		return nil, nil
	}
	return encodeHash(l.TokenHash), l.ExpiresAt.UnixMicro()
}

// oneTimeTokenColumns are scanned from the two columns of a link.
type oneTimeTokenColumns struct {
	hash    []byte
	expires sql.NullInt64
}

func (c *oneTimeTokenColumns) decode() *credential.OneTimeToken {
	if !c.expires.Valid {
		return nil
	}
	return &credential.OneTimeToken{TokenHash: c.hash, ExpiresAt: fromMicro(c.expires.Int64)}
}

// credentialDecoder is the part of a decoder that reads credentialColumns.
type credentialDecoder struct {
	keyring                         *store.Keyring
	passwordHash, recovery, devices string
	secondFactor                    []byte
	factor                          credential.TOTP
	invitation                      oneTimeTokenColumns
}

// columns returns pointers for scanning credentialColumns.
func (d *credentialDecoder) columns() []any {
	return []any{
		&d.passwordHash, &d.secondFactor, &d.factor.Confirmed, &d.factor.LastStep, &d.recovery,
		&d.invitation.hash, &d.invitation.expires, &d.devices,
	}
}

// decode decodes the scanned columns into c.
func (d *credentialDecoder) decode(c *credential.Credentials, sealContext func() string) (err error) {
	c.PasswordHash = store.NewSecret(d.passwordHash)
	c.Invitation = d.invitation.decode()
	if c.Devices, err = decodeDevices("devices", d.devices); err != nil || d.secondFactor == nil {
		return err
	}
	totp := d.factor
	secret, err := d.keyring.Open(d.secondFactor, sealContext())
	if err != nil {
		return fmt.Errorf("the second factor: %w", err)
	}
	totp.Secret = store.NewSecret(string(secret))
	totp.RecoveryHashes, err = decodeHashes("recovery_hashes", d.recovery)
	c.SecondFactor = &totp
	return err
}

// micros are scanned from columns of times.
type micros []int64

// columns returns pointers for scanning.
func (m micros) columns() []any {
	dest := make([]any, len(m))
	for i := range m {
		dest[i] = &m[i]
	}
	return dest
}

// decode sets the times in the order of the columns.
func (m micros) decode(times ...*time.Time) {
	for i, t := range times {
		*t = fromMicro(m[i])
	}
}

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
		"password_creator", "second_factor_creator", "invitation_creator",
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
	invitation, expires, invitationCreator := encodeOneTimeToken(c.Invitation)
	return []any{
		c.PasswordHash.Reveal(), sealed, totp.Confirmed, totp.LastStep, encodeHashes(totp.RecoveryHashes),
		invitation, expires, encodeDevices(c.Devices),
		c.PasswordCreator.String(), totp.Creator.String(), invitationCreator,
	}
}

// encodeOneTimeToken returns the values of the three columns of a link: NULL and no
// creator if there is none.
func encodeOneTimeToken(l *credential.OneTimeToken) (hash, expires any, creator string) {
	if l == nil {
		return nil, nil, ""
	}
	return encodeHash(l.TokenHash), l.ExpiresAt.UnixMicro(), l.Creator.String()
}

// oneTimeTokenColumns are scanned from the three columns of a link.
type oneTimeTokenColumns struct {
	hash    []byte
	expires sql.NullInt64
	creator string
}

func (c *oneTimeTokenColumns) decode(creatorColumn string) (*credential.OneTimeToken, error) {
	if !c.expires.Valid || len(c.hash) == 0 {
		return nil, nil
	}
	creator, err := decodeCreator(creatorColumn, c.creator)
	return &credential.OneTimeToken{TokenHash: c.hash, ExpiresAt: fromMicro(c.expires.Int64), Creator: creator}, err
}

func decodeCreator(column, text string) (credential.Creator, error) {
	creator, err := credential.ParseCreator(text)
	if err != nil {
		return credential.Creator{}, columnError(column)
	}
	return creator, nil
}

// credentialDecoder is the part of a decoder that reads credentialColumns.
type credentialDecoder struct {
	keyring                         *store.Keyring
	passwordHash, recovery, devices string
	passwordCreator, factorCreator  string
	secondFactor                    []byte
	factor                          credential.TOTP
	invitation                      oneTimeTokenColumns
}

// columns returns pointers for scanning credentialColumns.
func (d *credentialDecoder) columns() []any {
	return []any{
		&d.passwordHash, &d.secondFactor, flag{&d.factor.Confirmed, "second_factor_confirmed"}, &d.factor.LastStep, &d.recovery,
		&d.invitation.hash, &d.invitation.expires, &d.devices,
		&d.passwordCreator, &d.factorCreator, &d.invitation.creator,
	}
}

// decode decodes the scanned columns into c.
func (d *credentialDecoder) decode(c *credential.Credentials, sealContext func() string) (err error) {
	c.PasswordHash = store.NewSecret(d.passwordHash)
	if c.Invitation, err = d.invitation.decode("invitation_creator"); err != nil {
		return err
	}
	if c.PasswordCreator, err = decodeCreator("password_creator", d.passwordCreator); err != nil {
		return err
	}
	if c.Devices, err = decodeDevices("devices", d.devices); err != nil || d.secondFactor == nil {
		return err
	}
	return d.decodeSecondFactor(c, sealContext)
}

func (d *credentialDecoder) decodeSecondFactor(c *credential.Credentials, sealContext func() string) error {
	totp := d.factor
	secret, err := d.keyring.Open(d.secondFactor, sealContext())
	if err != nil {
		return fmt.Errorf("the second factor: %w", err)
	}
	totp.Secret = store.NewSecret(string(secret))
	if totp.Creator, err = decodeCreator("second_factor_creator", d.factorCreator); err != nil {
		return err
	}
	totp.RecoveryHashes, err = decodeHashes("recovery_hashes", d.recovery)
	c.SecondFactor = &totp
	return err
}

// flag scans a bool.
type flag struct {
	value  *bool
	column string
}

// Scan implements [sql.Scanner].
func (f flag) Scan(src any) error {
	var scanned sql.Null[bool]
	if scanned.Scan(src) != nil || !scanned.Valid {
		return columnError(f.column)
	}
	*f.value = scanned.V
	return nil
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

package sqlstore

import (
	"database/sql"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// credentialColumns are those in which tables keep what somebody logs in with.
func credentialColumns() []string {
	return []string{
		"password_hash", "second_factor", "second_factor_confirmed", "second_factor_step", "recovery_hashes",
		"invitation_hash", "invitation_expires", "devices",
	}
}

// encodeCredentials returns the values of credentialColumns; seal is the
// context that the secret of the second factor is sealed for.
func (db *DB) encodeCredentials(c *credential.Set, seal string) []any {
	factor := credential.Factor{}
	var sealed any // NULL unless there is one
	if c.SecondFactor != nil {
		factor = *c.SecondFactor
		sealed = db.keyring.Seal([]byte(factor.Secret.Reveal()), seal)
	}
	invitation, expires := encodeLink(c.Invitation)
	return []any{
		c.PasswordHash.Reveal(), sealed, factor.Confirmed, factor.LastStep, encodeHashes(factor.RecoveryHashes),
		invitation, expires, encodeDevices(c.Devices),
	}
}

// encodeLink returns the values of the two columns of a link: NULL when there
// is none.
func encodeLink(l *credential.Link) (hash, expires any) {
	if l == nil {
		return nil, nil
	}
	return encodeHash(l.TokenHash), l.ExpiresAt.UnixMicro()
}

// linkColumns are where the two columns of a link are scanned to.
type linkColumns struct {
	hash    []byte
	expires sql.NullInt64
}

func (c *linkColumns) decode() *credential.Link {
	if !c.expires.Valid {
		return nil
	}
	return &credential.Link{TokenHash: c.hash, ExpiresAt: fromMicro(c.expires.Int64)}
}

// credentialDecoder is the part of a decoder that reads credentialColumns.
type credentialDecoder struct {
	keyring                         *store.Keyring
	passwordHash, recovery, devices string
	secondFactor                    []byte
	factor                          credential.Factor
	invitation                      linkColumns
}

// columns points to where credentialColumns are scanned to, in their order.
func (d *credentialDecoder) columns() []any {
	return []any{
		&d.passwordHash, &d.secondFactor, &d.factor.Confirmed, &d.factor.LastStep, &d.recovery,
		&d.invitation.hash, &d.invitation.expires, &d.devices,
	}
}

// decode reads what was scanned into c.
func (d *credentialDecoder) decode(c *credential.Set, seal func() string) (err error) {
	c.PasswordHash = store.NewSecret(d.passwordHash)
	c.Invitation = d.invitation.decode()
	if c.Devices, err = decodeDevices("devices", d.devices); err != nil || d.secondFactor == nil {
		return err
	}
	factor := d.factor
	secret, err := d.keyring.Open(d.secondFactor, seal())
	if err != nil {
		return fmt.Errorf("the second factor: %w", err)
	}
	factor.Secret = store.NewSecret(string(secret))
	factor.RecoveryHashes, err = decodeHashes("recovery_hashes", d.recovery)
	c.SecondFactor = &factor
	return err
}

// micros are where columns of times are scanned to.
type micros []int64

// columns points to them.
func (m micros) columns() []any {
	places := make([]any, len(m))
	for i := range m {
		places[i] = &m[i]
	}
	return places
}

// decode sets the times in the order of the columns.
func (m micros) decode(times ...*time.Time) {
	for i, t := range times {
		*t = fromMicro(m[i])
	}
}

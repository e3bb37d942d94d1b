package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

func administratorTable() table {
	return table{
		name: "pbxusers_administrators",
		columns: []string{
			"folded_username", "username", "display_name", "access", "sections", "teams", "extensions", "dids",
			"disabled", "session_generation", "password_hash",
			"second_factor", "second_factor_confirmed", "second_factor_step", "recovery_hashes",
			"invitation_hash", "invitation_expires", "devices",
			"created_at", "updated_at", "password_changed_at", "last_login_at",
		},
		unread: []string{"folded_display_name"},
	}
}

// secondFactorSeal is the context that the secret of a second factor is sealed
// for.
func secondFactorSeal(foldedUsername string) string {
	return "pbxusers_administrators/" + foldedUsername + "/second_factor"
}

// encodeAdministrator returns the values of the columns of administratorTable.
func (db *DB) encodeAdministrator(a *ampusers.Administrator) ([]any, error) {
	folded := ampusers.FoldUsername(a.Username)
	factor := ampusers.SecondFactor{}
	var sealed, invitation, expires any // NULL unless there are any
	if a.Credentials.SecondFactor != nil {
		factor = *a.Credentials.SecondFactor
		sealed = db.keyring.Seal([]byte(factor.Secret.Reveal()), secondFactorSeal(folded))
	}
	if i := a.Credentials.Invitation; i != nil {
		invitation, expires = encodeHash(i.TokenHash), i.ExpiresAt.UnixMicro()
	}
	sections, sectionsErr := encodeList(a.Sections)
	teams, teamsErr := encodeList(a.Teams)
	if err := errors.Join(sectionsErr, teamsErr); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return []any{
		folded, a.Username, a.DisplayName, a.Access, sections, teams, a.Extensions.String(), a.DIDs.String(),
		a.Disabled, a.SessionGeneration, a.Credentials.PasswordHash.Reveal(),
		sealed, factor.Confirmed, factor.LastStep, encodeHashes(factor.RecoveryHashes),
		invitation, expires, encodeDevices(a.Credentials.Devices),
		a.CreatedAt.UnixMicro(), a.UpdatedAt.UnixMicro(), a.PasswordChangedAt.UnixMicro(), a.LastLoginAt.UnixMicro(),
		strings.ToLower(a.DisplayName),
	}, nil
}

// administratorDecoder decodes the rows of one query. It scans all of them into
// the same place, and parses what many administrators have in common once.
type administratorDecoder struct {
	keyring *store.Keyring
	ranges  map[string]ampusers.Ranges
	ids     map[string][]string
	// columns points to what follows, in the order of administratorTable.
	columns                                     []any
	administrator                               ampusers.Administrator
	folded, sections, teams, extensions, dids   string
	passwordHash, recovery, devices             string
	secondFactor, invitation                    []byte
	factor                                      ampusers.SecondFactor
	expires                                     sql.NullInt64
	created, updated, passwordChanged, loggedIn int64
}

func (db *DB) administratorDecoder() *administratorDecoder {
	d := &administratorDecoder{keyring: db.keyring, ranges: map[string]ampusers.Ranges{}, ids: map[string][]string{}}
	a := &d.administrator
	d.columns = []any{
		&d.folded, &a.Username, &a.DisplayName, &a.Access, &d.sections, &d.teams, &d.extensions, &d.dids,
		&a.Disabled, &a.SessionGeneration, &d.passwordHash,
		&d.secondFactor, &d.factor.Confirmed, &d.factor.LastStep, &d.recovery,
		&d.invitation, &d.expires, &d.devices,
		&d.created, &d.updated, &d.passwordChanged, &d.loggedIn,
	}
	return d
}

// decode reads one row of administratorTable's columns.
func (d *administratorDecoder) decode(row scanner) (*ampusers.Administrator, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	a := d.administrator
	a.CreatedAt, a.UpdatedAt = fromMicro(d.created), fromMicro(d.updated)
	a.PasswordChangedAt, a.LastLoginAt = fromMicro(d.passwordChanged), fromMicro(d.loggedIn)
	if err := errors.Join(d.decodeLists(&a), d.decodeCredentials(&a.Credentials)); err != nil {
		return nil, fmt.Errorf("%q: %w", a.Username, err)
	}
	return &a, nil
}

func (d *administratorDecoder) decodeLists(a *ampusers.Administrator) (err error) {
	if a.Sections, err = d.decodeIDs("sections", d.sections); err != nil {
		return err
	}
	if a.Teams, err = d.decodeIDs("teams", d.teams); err != nil {
		return err
	}
	if a.Extensions, err = d.decodeRanges("extensions", d.extensions); err != nil {
		return err
	}
	a.DIDs, err = d.decodeRanges("dids", d.dids)
	return err
}

func (d *administratorDecoder) decodeIDs(column, text string) (ids []string, err error) {
	known, ok := d.ids[text]
	if !ok {
		if known, err = decodeList[string](column, text); err != nil {
			return nil, err
		}
		d.ids[text] = known
	}
	return slices.Clone(known), nil
}

func (d *administratorDecoder) decodeRanges(column, text string) (ampusers.Ranges, error) {
	known, ok := d.ranges[text]
	if !ok {
		parsed, err := ampusers.ParseRanges(text)
		if err != nil {
			return ampusers.Ranges{}, unreadable(column)
		}
		d.ranges[text], known = parsed, parsed
	}
	return known, nil
}

func (d *administratorDecoder) decodeCredentials(c *ampusers.Credentials) (err error) {
	c.PasswordHash = store.NewSecret(d.passwordHash)
	if d.expires.Valid {
		c.Invitation = &ampusers.Invitation{TokenHash: d.invitation, ExpiresAt: fromMicro(d.expires.Int64)}
	}
	if c.Devices, err = decodeDevices("devices", d.devices); err != nil || d.secondFactor == nil {
		return err
	}
	factor := d.factor
	secret, err := d.keyring.Open(d.secondFactor, secondFactorSeal(d.folded))
	if err != nil {
		return fmt.Errorf("the second factor: %w", err)
	}
	factor.Secret = store.NewSecret(string(secret))
	factor.RecoveryHashes, err = decodeHashes("recovery_hashes", d.recovery)
	c.SecondFactor = &factor
	return err
}

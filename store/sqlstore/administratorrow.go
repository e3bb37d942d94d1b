package sqlstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/scope"
)

func administratorTable() table {
	return table{
		name: "pbxusers_administrators",
		columns: slices.Concat([]string{"folded_username"}, ampusers.Fields().Columns(), []string{
			"extensions", "dids", "session_epoch", "created_at", "updated_at", "password_changed_at", "last_login_at",
		}, credentialColumns(), []string{"credentials_revoked_at"}),
		derived: []string{"folded_display_name"},
	}
}

// administratorSealContext is the encryption context of the secret of a second
// factor.
func administratorSealContext(foldedUsername string) string {
	return "pbxusers_administrators/" + foldedUsername + "/second_factor"
}

// encodeAdministrator returns the values of the columns of administratorTable.
func (db *DB) encodeAdministrator(a *ampusers.Administrator) []any {
	folded := ampusers.FoldUsername(a.Username)
	return slices.Concat([]any{folded}, ampusers.Fields().Args(a), []any{
		a.Extensions.String(), a.DIDs.String(), a.SessionEpoch,
		a.CreatedAt.UnixMicro(), a.UpdatedAt.UnixMicro(), a.PasswordChangedAt.UnixMicro(), a.LastLoginAt.UnixMicro(),
	}, db.encodeCredentials(&a.Credentials, administratorSealContext(folded)), []any{a.CredentialsRevokedAt.UnixMicro(), strings.ToLower(a.DisplayName)})
}

// administratorDecoder decodes the rows of one query. It scans all rows into the
// same variables, and parses shared values once.
type administratorDecoder struct {
	ranges map[string]scope.Ranges
	// columns are pointers to the following fields, in the order of
	// administratorTable.
	columns                  []any
	administrator            ampusers.Administrator
	folded, extensions, dids string
	times                    micros
	credentials              credentialDecoder
}

func (db *DB) administratorDecoder() *administratorDecoder {
	d := &administratorDecoder{
		ranges: map[string]scope.Ranges{}, times: make(micros, 5), credentials: credentialDecoder{keyring: db.keyring},
	}
	a := &d.administrator
	d.columns = slices.Concat([]any{&d.folded}, ampusers.Fields().Targets(a), []any{
		&d.extensions, &d.dids, &a.SessionEpoch,
	}, d.times[:4].columns(), d.credentials.columns(), d.times[4:].columns())
	return d
}

// decode decodes one row of the columns of administratorTable.
func (d *administratorDecoder) decode(row scanner) (*ampusers.Administrator, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	a := d.administrator
	d.times.decode(&a.CreatedAt, &a.UpdatedAt, &a.PasswordChangedAt, &a.LastLoginAt, &a.CredentialsRevokedAt)
	sealContext := func() string { return administratorSealContext(d.folded) }
	if err := errors.Join(d.decodeNumbers(&a), d.credentials.decode(&a.Credentials, sealContext)); err != nil {
		return nil, fmt.Errorf("%q: %w", a.Username, err)
	}
	return &a, nil
}

func (d *administratorDecoder) decodeNumbers(a *ampusers.Administrator) (err error) {
	if a.Extensions, err = d.decodeRanges("extensions", d.extensions); err != nil {
		return err
	}
	a.DIDs, err = d.decodeRanges("dids", d.dids)
	return err
}

func (d *administratorDecoder) decodeRanges(column, text string) (scope.Ranges, error) {
	known, ok := d.ranges[text]
	if !ok {
		parsed, err := scope.ParseRanges(text)
		if err != nil {
			return scope.Ranges{}, columnError(column)
		}
		d.ranges[text], known = parsed, parsed
	}
	return known, nil
}

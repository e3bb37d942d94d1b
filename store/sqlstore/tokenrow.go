package sqlstore

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/userman/apitoken"
)

func tokenTable() table {
	return table{
		name: "pbxusers_tokens", keyLen: 2,
		columns: slices.Concat([]string{"team", "id", "user_id"}, apitoken.Fields().Columns(), []string{
			"addresses", "key_hash", "hour_requests", "hour_started_at", "created_at", "updated_at", "key_created_at", "last_used_at", "key_creator",
		}),
	}
}

// encodeToken returns the values of the columns of tokenTable.
func (m tokenStore) encodeToken(t *apitoken.Token) ([]any, error) {
	addresses, err := encodePrefixes(t.Addresses)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	return slices.Concat([]any{m.team, t.ID, t.UserID}, apitoken.Fields().Args(t), []any{
		addresses, encodeHash(t.KeyHash), t.HourRequests, t.HourStartedAt.UnixMicro(),
		t.CreatedAt.UnixMicro(), t.UpdatedAt.UnixMicro(), t.KeyCreatedAt.UnixMicro(), t.LastUsedAt.UnixMicro(), t.KeyCreator.String(),
	}), nil
}

// encodePrefixes rejects values that could not be decoded.
func encodePrefixes(prefixes []netip.Prefix) (string, error) {
	texts := make([]string, len(prefixes))
	for i, p := range prefixes {
		if !p.IsValid() {
			return "", errors.New("an invalid network cannot be stored; create networks with netip.ParsePrefix")
		}
		texts[i] = p.String()
	}
	return strings.Join(texts, ","), nil
}

func decodePrefixes(column, text string) ([]netip.Prefix, error) {
	if text == "" {
		return nil, nil
	}
	prefixes := make([]netip.Prefix, 0, 1+strings.Count(text, ","))
	for part := range strings.SplitSeq(text, ",") {
		p, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, columnError(column)
		}
		prefixes = append(prefixes, p)
	}
	return prefixes, nil
}

// tokenDecoder decodes the rows of one query. It scans all rows into the same
// variables.
type tokenDecoder struct {
	// columns are pointers to the following fields, in the order of tokenTable.
	columns         []any
	token           apitoken.Token
	team, addresses string
	keyCreator      string
	keyHash         []byte
	times           micros
}

func newTokenDecoder() *tokenDecoder {
	d := &tokenDecoder{times: make(micros, 5)}
	t := &d.token
	d.columns = slices.Concat([]any{&d.team, &t.ID, &t.UserID}, apitoken.Fields().Targets(t), []any{
		&d.addresses, &d.keyHash, &t.HourRequests,
	}, d.times.columns(), []any{&d.keyCreator})
	return d
}

// decode decodes one row of the columns of tokenTable.
func (d *tokenDecoder) decode(row scanner) (*apitoken.Token, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	return d.build()
}

// build returns the token of the scanned columns.
func (d *tokenDecoder) build() (*apitoken.Token, error) {
	t := d.token
	t.KeyHash = d.keyHash
	var err error
	if t.KeyCreator, err = decodeCreator("key_creator", d.keyCreator); err != nil {
		return nil, fmt.Errorf("API token %q: %w", t.ID, err)
	}
	d.times.decode(&t.HourStartedAt, &t.CreatedAt, &t.UpdatedAt, &t.KeyCreatedAt, &t.LastUsedAt)
	if t.Addresses, err = decodePrefixes("addresses", d.addresses); err != nil {
		return nil, fmt.Errorf("API token %q: %w", t.ID, err)
	}
	return &t, nil
}

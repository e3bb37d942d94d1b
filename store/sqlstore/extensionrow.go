package sqlstore

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store"
)

func extensionTable() table {
	return table{
		name: "pbxusers_extensions", keyLen: 2,
		columns: slices.Concat([]string{"team", "sort_number"}, extension.Fields().Columns(), []string{
			"devices", "last_ordinal", "created_at", "updated_at",
		}),
		derived: []string{"folded_name"},
	}
}

// devicesSealContext is the encryption context of the devices of an extension.
func devicesSealContext(team, sortNumber string) string {
	return "pbxusers_extensions/" + team + "/" + sortNumber + "/devices"
}

// sealedDevice is a device in the column devices.
type sealedDevice struct {
	Ordinal         int    `json:"ordinal"`
	Label           []byte `json:"label,omitempty"`
	Password        []byte `json:"password"`
	SecretChangedAt int64  `json:"secret_changed_at"`
}

// encodeExtension returns the values of the columns of extensionTable.
func (m extensionStore) encodeExtension(e *extension.Extension) ([]any, error) {
	devices := make([]sealedDevice, len(e.Devices))
	for i, d := range e.Devices {
		devices[i] = sealedDevice{d.Ordinal, []byte(d.Label), []byte(d.Secret.Reveal()), d.SecretChangedAt.UnixMicro()}
	}
	text, err := json.Marshal(devices) //nolint:gosec // it is encrypted below
	if err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	key := extension.SortNumber(e.Number)
	return slices.Concat([]any{m.team, key}, extension.Fields().Args(e), []any{
		m.keyring.Seal(text, devicesSealContext(m.team, key)), e.LastOrdinal, e.CreatedAt.UnixMicro(), e.UpdatedAt.UnixMicro(), strings.ToLower(e.Name),
	}), nil
}

// extensionDecoder decodes the rows of one query. It scans all rows into the same
// variables.
type extensionDecoder struct {
	keyring *store.Keyring
	// columns are pointers to the following fields, in the order of extensionTable.
	columns          []any
	extension        extension.Extension
	team, sortNumber string
	devices          []byte
	times            micros
}

func (db *DB) extensionDecoder() *extensionDecoder {
	d := &extensionDecoder{keyring: db.keyring, times: make(micros, 2)}
	d.columns = slices.Concat([]any{&d.team, &d.sortNumber}, extension.Fields().Targets(&d.extension), []any{
		&d.devices, &d.extension.LastOrdinal,
	}, d.times.columns())
	return d
}

// decode decodes one row of the columns of extensionTable.
func (d *extensionDecoder) decode(row scanner) (*extension.Extension, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	e := d.extension
	d.times.decode(&e.CreatedAt, &e.UpdatedAt)
	text, err := d.keyring.Open(d.devices, devicesSealContext(d.team, d.sortNumber))
	if err != nil {
		return nil, fmt.Errorf("the devices of %q: %w", e.Number, err)
	}
	var devices []sealedDevice
	if json.Unmarshal(text, &devices) != nil {
		return nil, fmt.Errorf("%q: %w", e.Number, columnError("devices"))
	}
	e.Devices = make([]extension.Device, len(devices))
	for i, s := range devices {
		e.Devices[i] = extension.Device{
			Ordinal: s.Ordinal, Label: string(s.Label), Secret: store.NewSecret(string(s.Password)), SecretChangedAt: fromMicro(s.SecretChangedAt),
		}
	}
	return &e, nil
}

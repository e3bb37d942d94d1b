package sqlstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func amiAccountTable() table {
	return table{
		name: "pbxusers_ami_accounts",
		columns: slices.Concat([]string{"folded_name"}, manager.Fields().Columns(), []string{
			"secret", "deny", "permit", "read_classes", "write_classes", "event_filters", "created_at", "updated_at", "secret_changed_at",
		}),
		derived: []string{"folded_note", "folded_owner"},
	}
}

// amiAccountSealContext is the encryption context of the secret of an account.
func amiAccountSealContext(foldedName string) string {
	return "pbxusers_ami_accounts/" + foldedName + "/secret"
}

// encodeAMIAccount returns the values of the columns of amiAccountTable.
func (db *DB) encodeAMIAccount(u *manager.Account) ([]any, error) {
	deny, denyErr := encodeNetworks(u.Deny)
	permit, permitErr := encodeNetworks(u.Permit)
	filters, filtersErr := encodeList(u.EventFilters)
	if err := errors.Join(denyErr, permitErr, filtersErr); err != nil {
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	folded := manager.FoldName(u.Name)
	return slices.Concat([]any{folded}, manager.Fields().Args(u), []any{
		db.keyring.Seal([]byte(u.Secret.Reveal()), amiAccountSealContext(folded)),
		deny, permit, u.Read.String(), u.Write.String(), filters,
		u.CreatedAt.UnixMicro(), u.UpdatedAt.UnixMicro(), u.SecretChangedAt.UnixMicro(),
		strings.ToLower(u.Note), strings.ToLower(u.Owner),
	}), nil
}

// encodeNetworks rejects values that could not be decoded.
func encodeNetworks(networks []manager.Network) (string, error) {
	texts := make([]string, len(networks))
	for i, n := range networks {
		if !n.Prefix().IsValid() {
			return "", errors.New("the zero Network cannot be stored; create networks with manager.ParseNetwork")
		}
		texts[i] = n.String()
	}
	return strings.Join(texts, ","), nil
}

func decodeNetworks(column, text string) ([]manager.Network, error) {
	if text == "" {
		return nil, nil
	}
	networks := make([]manager.Network, 0, 1+strings.Count(text, ","))
	for part := range strings.SplitSeq(text, ",") {
		n, err := manager.ParseNetwork(part)
		if err != nil {
			return nil, columnError(column)
		}
		networks = append(networks, n)
	}
	return networks, nil
}

// columnError replaces the errors of parsers, which may quote their input.
func columnError(column string) error {
	return fmt.Errorf("column %s: %w", column, store.ErrCorrupt)
}

// amiAccountDecoder decodes the rows of one query. It scans all rows into the same
// variables, and parses each set of privileges once: accounts share few.
type amiAccountDecoder struct {
	keyring    *store.Keyring
	privileges map[string]manager.Privileges
	// columns are pointers to the following fields, in the order of
	// amiAccountTable.
	columns                         []any
	account                         manager.Account
	folded, deny, permit            string
	readClasses, writeClasses       string
	filters                         string
	secret                          []byte
	created, updated, secretChanged int64
}

func (db *DB) amiAccountDecoder() *amiAccountDecoder {
	d := &amiAccountDecoder{keyring: db.keyring, privileges: map[string]manager.Privileges{}}
	u := &d.account
	d.columns = slices.Concat([]any{&d.folded}, manager.Fields().Targets(u), []any{
		&d.secret, &d.deny, &d.permit, &d.readClasses, &d.writeClasses, &d.filters, &d.created, &d.updated, &d.secretChanged,
	})
	return d
}

// decode decodes one row of the columns of amiAccountTable.
func (d *amiAccountDecoder) decode(row scanner) (*manager.Account, error) {
	if err := row.Scan(d.columns...); err != nil {
		return nil, err
	}
	u := d.account
	u.CreatedAt, u.UpdatedAt, u.SecretChangedAt = fromMicro(d.created), fromMicro(d.updated), fromMicro(d.secretChanged)
	plaintext, err := d.keyring.Open(d.secret, amiAccountSealContext(d.folded))
	if err != nil {
		return nil, fmt.Errorf("the secret of %q: %w", u.Name, err)
	}
	u.Secret = store.NewSecret(string(plaintext))
	if err := d.decodeLists(&u); err != nil {
		return nil, fmt.Errorf("%q: %w", u.Name, err)
	}
	return &u, nil
}

func (d *amiAccountDecoder) decodeLists(u *manager.Account) (err error) {
	if u.Read, err = d.decodePrivileges("read_classes", d.readClasses); err != nil {
		return err
	}
	if u.Write, err = d.decodePrivileges("write_classes", d.writeClasses); err != nil {
		return err
	}
	if u.Deny, err = decodeNetworks("deny", d.deny); err != nil {
		return err
	}
	if u.Permit, err = decodeNetworks("permit", d.permit); err != nil {
		return err
	}
	u.EventFilters, err = decodeList[manager.EventFilter]("event_filters", d.filters)
	return err
}

func (d *amiAccountDecoder) decodePrivileges(column, text string) (manager.Privileges, error) {
	if known, ok := d.privileges[text]; ok {
		return known, nil
	}
	parsed, err := manager.ParsePrivileges(strings.Split(text, ",")...)
	if err != nil {
		return 0, columnError(column)
	}
	d.privileges[text] = parsed
	return parsed, nil
}

func fromMicro(t int64) time.Time { return time.UnixMicro(t).UTC() }

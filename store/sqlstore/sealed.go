package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// sealedColumn is a column of encrypted values.
type sealedColumn struct {
	table, name string
	// key are the columns of the primary key, and further columns in the encryption
	// context. The first one is shown in errors.
	key []string
	// provesRow means that the value authenticates its whole row: all other columns
	// are in the encryption context.
	provesRow bool
	// sealContext returns the encryption context of the value.
	sealContext func(key []string) string
	// label describes the value in errors.
	label string
	// batch is the maximum number of values in memory.
	batch int
}

func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{
			table: "pbxusers_ami_accounts", name: "secret", key: []string{"folded_name"}, batch: reencryptBatch,
			sealContext: func(key []string) string { return amiAccountSealContext(key[0]) }, label: "the secret of",
		},
		{
			table: "pbxusers_administrators", name: "second_factor", key: []string{"folded_username"}, batch: reencryptBatch,
			sealContext: func(key []string) string { return administratorSealContext(key[0]) }, label: "the second factor of",
		},
		{
			table: "pbxusers_users", name: "second_factor", key: []string{"team", "id"}, batch: reencryptBatch,
			sealContext: func(key []string) string { return userSealContext(key[0], store.UserID(key[1])) }, label: "the second factor of a user of team",
		},
		{
			table: "pbxusers_extensions", name: "devices", key: []string{"team", "sort_number"}, batch: reencryptBatch,
			sealContext: func(key []string) string { return devicesSealContext(key[0], key[1]) }, label: "the devices of an extension of team",
		},
		{
			// Each value can have store.MaxValueSize.
			table: "pbxusers_ttl_values", name: "value", key: []string{"kind", "item", "expires_at"}, batch: reencryptBatch / 10, provesRow: true,
			sealContext: func(key []string) string { return ttlSealContext(key[0], key[1], key[2]) }, label: "a value of kind",
		},
		{
			table: "pbxusers_identity", name: "seal", key: []string{"id"}, batch: reencryptBatch, provesRow: true,
			sealContext: func(key []string) string { return identitySealContext(key[0]) }, label: "the identity",
		},
		{
			table: "pbxusers_group_revisions", name: "seal", key: []string{"team", "revision"}, batch: reencryptBatch, provesRow: true,
			sealContext: func(key []string) string { return revisionSealContext(key[0], key[1]) }, label: "the revision of the groups of team",
		},
		{
			table: "pbxusers_mails", name: "seal", key: mailTable().columns[:len(mailTable().columns)-1], batch: reencryptBatch, provesRow: true,
			sealContext: mailSealContext, label: "a mail of team",
		},
		{
			table: "pbxusers_settings", name: "seal", key: []string{"id", "revision", "updated_at"}, batch: reencryptBatch, provesRow: true,
			sealContext: func(key []string) string { return settingsSealContext(key[0], key[1], key[2]) }, label: "the settings",
		},
	}
}

// sealedValue is an encrypted value.
type sealedValue struct {
	key    []string
	sealed []byte
}

// sealedValues returns the first values after last, sorted by key.
func (db *DB) sealedValues(ctx context.Context, q querier, column sealedColumn, last *sealedValue, limit int) ([]sealedValue, error) {
	var s whereClause
	s.and(column.name + " IS NOT NULL")
	key := strings.Join(column.key, ", ")
	if last != nil {
		s.and("("+key+") > ("+placeholders(len(column.key))+")", toAny(last.key)...)
	}
	text := "SELECT " + key + ", " + column.name + " FROM " + column.table + s.sql() + " ORDER BY " + key + limitSQL(limit)
	return query(ctx, db, q, "read encrypted values", text, s.args, func(row scanner) (sealedValue, error) {
		value := sealedValue{key: make([]string, len(column.key))}
		dest := make([]any, 0, len(value.key)+1)
		for i := range value.key {
			dest = append(dest, &value.key[i])
		}
		return value, row.Scan(append(dest, &value.sealed)...)
	})
}

func toAny(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// checkKeyring decrypts one value of each kind, and verifies the head of the audit
// log. If a key file was lost and created again, further values would be encrypted
// with a key that decrypts no older ones. Any other error of one record does not
// prevent using the others. Each query may see another snapshot.
func (db *DB) checkKeyring(ctx context.Context) error {
	err := db.read(ctx, func(ctx context.Context, q querier) error {
		for _, column := range sealedColumns() {
			values, err := db.sealedValues(ctx, q, column, nil, 1)
			if err != nil {
				return err
			}
			for _, value := range values {
				if _, err := db.keyring.Open(value.sealed, column.sealContext(value.key)); isUnknownKey(err) {
					return err
				}
			}
		}
		head, err := db.readHead(ctx, q)
		if err != nil {
			return err
		}
		if _, err := head.RefreshSignature(db.keyring); isUnknownKey(err) { // changes only this copy
			return err
		}
		return nil
	})
	if isUnknownKey(err) {
		return fmt.Errorf("sqlstore: the keyring does not belong to this database; restore its key file: %w", err)
	}
	return err
}

func isUnknownKey(err error) bool { return errors.As(err, new(*store.UnknownKeyError)) }

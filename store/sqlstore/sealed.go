package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// sealedColumn is a column whose values are sealed.
type sealedColumn struct {
	table, name string
	// key are the columns of the primary key. The first one may be shown.
	key []string
	// place returns the context that the value is sealed for.
	place func(key []string) string
	// doc says in errors what it is.
	doc string
	// batch is how many values may be in memory at a time.
	batch int
}

func sealedColumns() []sealedColumn {
	return []sealedColumn{
		{
			table: "pbxusers_managers", name: "secret", key: []string{"folded_name"}, batch: resealBatch,
			place: func(key []string) string { return managerSeal(key[0]) }, doc: "the secret of",
		},
		{
			table: "pbxusers_administrators", name: "second_factor", key: []string{"folded_username"}, batch: resealBatch,
			place: func(key []string) string { return secondFactorSeal(key[0]) }, doc: "the second factor of",
		},
		{
			table: "pbxusers_people", name: "second_factor", key: []string{"team", "id"}, batch: resealBatch,
			place: func(key []string) string { return userSeal(key[0], key[1]) }, doc: "the second factor of a person of team",
		},
		{
			// Each may be of store.MaxVaultValue.
			table: "pbxusers_vault", name: "value", key: []string{"kind", "item"}, batch: resealBatch / 10,
			place: func(key []string) string { return vaultSeal(key[0], key[1]) }, doc: "a value of kind",
		},
	}
}

// sealedValue is a value as it is stored.
type sealedValue struct {
	key    []string
	sealed []byte
}

// sealedValues returns the first values after last, in the order of their keys.
func (db *DB) sealedValues(ctx context.Context, q querier, column sealedColumn, last *sealedValue, limit int) ([]sealedValue, error) {
	var s selection
	s.and(column.name + " IS NOT NULL")
	key := strings.Join(column.key, ", ")
	if last != nil {
		s.and("("+key+") > ("+places(len(column.key))+")", anys(last.key)...)
	}
	text := "SELECT " + key + ", " + column.name + " FROM " + column.table + s.where() + " ORDER BY " + key + " LIMIT ?"
	return query(ctx, db, q, "read what is sealed", text, append(s.args, limit), func(row scanner) (sealedValue, error) {
		value := sealedValue{key: make([]string, len(column.key))}
		places := make([]any, 0, len(value.key)+1)
		for i := range value.key {
			places = append(places, &value.key[i])
		}
		return value, row.Scan(append(places, &value.sealed)...)
	})
}

func anys(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// tryKeyring opens one value of each kind that is sealed, and verifies the end
// of the audit trail. A key file that was lost, and made anew, would seal
// further ones under a key that opens nothing else. Any other trouble with one
// record is no reason to refuse the rest. Each query may see another moment.
func (db *DB) tryKeyring(ctx context.Context) error {
	err := db.read(ctx, func(ctx context.Context, q querier) error {
		for _, column := range sealedColumns() {
			values, err := db.sealedValues(ctx, q, column, nil, 1)
			if err != nil {
				return err
			}
			for _, value := range values {
				if _, err := db.keyring.Open(value.sealed, column.place(value.key)); unknownKey(err) {
					return err
				}
			}
		}
		head, err := db.readHead(ctx, q)
		if err != nil {
			return err
		}
		if _, err := head.Resign(db.keyring); unknownKey(err) { // of this copy only
			return err
		}
		return nil
	})
	if unknownKey(err) {
		return fmt.Errorf("sqlstore: the keyring is not the one of this database; put its key file back: %w", err)
	}
	return err
}

func unknownKey(err error) bool { return errors.As(err, new(*store.UnknownKeyError)) }

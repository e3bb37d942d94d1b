package sqlstore

import (
	"context"
	"fmt"
	"strings"
)

// reencryptBatch is the number of records per transaction of Reencrypt, so that
// others can write in between.
const reencryptBatch = 200

// Reencrypt encrypts all values again that are encrypted with an older key, with
// the primary key. It renews signatures of the audit log likewise. It returns the
// number of values and signatures. Run it after the Rotate of
// [github.com/pbxusers/pbxusers/store.Keyring], before an old key is removed from
// the key file. It works in batches: after an error, or when ctx ends, another run
// continues. It leaves an invalid signature unchanged, so that the Verify of
// [github.com/pbxusers/pbxusers/store/audit.Log] reports it.
func (db *DB) Reencrypt(ctx context.Context) (int, error) {
	total := 0
	for _, column := range sealedColumns() {
		reencrypted, err := db.reencryptColumn(ctx, column)
		total += reencrypted
		if err != nil {
			return total, err
		}
	}
	refreshed, err := db.refreshSignatures(ctx)
	return total + refreshed, err
}

// batchUpdate visits records in batches and updates some of them.
type batchUpdate[T any] struct {
	// batch is the number of records per transaction.
	batch int
	// read returns the batch after last, or the first one if last is nil.
	read func(ctx context.Context, q querier, last *T) ([]T, error)
	// update reports whether it changed a record.
	update func(ctx context.Context, q querier, item T) (bool, error)
}

// run returns how many changes were committed.
func (r batchUpdate[T]) run(ctx context.Context, db *DB) (int, error) {
	total := 0
	for last := (*T)(nil); ; {
		var batch []T
		changed := 0
		err := db.RunInTx(ctx, func(ctx context.Context) (err error) { // may run more than once
			q := db.currentTx(ctx)
			if batch, err = r.read(ctx, q, last); err != nil {
				return err
			}
			changed, err = r.updateAll(ctx, q, batch)
			return err
		})
		if err != nil {
			return total, err
		}
		total += changed
		if len(batch) < r.batch {
			return total, nil
		}
		last = &batch[len(batch)-1]
	}
}

func (r batchUpdate[T]) updateAll(ctx context.Context, q querier, batch []T) (int, error) {
	changed := 0
	for _, item := range batch {
		renewed, err := r.update(ctx, q, item)
		if err != nil {
			return 0, err
		}
		if renewed {
			changed++
		}
	}
	return changed, nil
}

func (db *DB) reencryptColumn(ctx context.Context, column sealedColumn) (int, error) {
	return batchUpdate[sealedValue]{
		batch: column.batch,
		read: func(ctx context.Context, q querier, last *sealedValue) ([]sealedValue, error) {
			return db.sealedValues(ctx, q, column, last, column.batch)
		},
		update: func(ctx context.Context, q querier, value sealedValue) (bool, error) {
			return db.reencryptValue(ctx, q, column, value)
		},
	}.run(ctx, db)
}

func (db *DB) reencryptValue(ctx context.Context, q querier, column sealedColumn, value sealedValue) (bool, error) {
	if db.keyring.IsPrimary(value.sealed) {
		return false, nil
	}
	sealContext := column.sealContext(value.key)
	plaintext, err := db.keyring.Open(value.sealed, sealContext)
	if err != nil {
		return false, fmt.Errorf("sqlstore: re-encrypt %s %q: %w", column.label, value.key[0], err)
	}
	update := "UPDATE " + column.table + " SET " + column.name + " = ? WHERE " + strings.Join(column.key, " = ? AND ") + " = ?"
	args := append([]any{db.keyring.Seal(plaintext, sealContext)}, toAny(value.key)...)
	_, err = q.ExecContext(ctx, update, args...)
	return true, db.wrapError(ctx, "reseal", err)
}

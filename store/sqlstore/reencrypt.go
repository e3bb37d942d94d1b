package sqlstore

import (
	"context"
	"fmt"
	"strings"
)

// reencryptBatch is how many records one transaction of Reseal looks at, so that
// others can write between.
const reencryptBatch = 200

// Reencrypt seals everything with the primary key that was sealed with an older
// one, signs the audit trail anew where an older one signed it, and returns how
// many values and signatures that were. Run it after the Rotate of
// [github.com/pbxusers/pbxusers/store.Keyring], before an old key is taken out
// of the key file. It works in batches: when it fails, or ctx ends, what is
// done is done, and another run does the rest. A signature of the trail that
// does not prove true is left as it is, for the Verify of
// [github.com/pbxusers/pbxusers/store/audit.Log] to tell of.
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

// batchUpdate is a walk over records that changes some of them, in batches.
type batchUpdate[T any] struct {
	// batch is how many records one transaction looks at.
	batch int
	// read returns the batch that follows last, the first one after nil.
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
		err := db.RunInTx(ctx, func(ctx context.Context) (err error) { // perhaps more than once
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
		return false, fmt.Errorf("sqlstore: reseal %s %q: %w", column.label, value.key[0], err)
	}
	update := "UPDATE " + column.table + " SET " + column.name + " = ? WHERE " + strings.Join(column.key, " = ? AND ") + " = ?"
	args := append([]any{db.keyring.Seal(plaintext, sealContext)}, toAny(value.key)...)
	_, err = q.ExecContext(ctx, update, args...)
	return true, db.wrapError(ctx, "reseal", err)
}

package sqlstore

import (
	"context"
	"fmt"
)

// resealBatch is how many records one transaction of Reseal looks at, so that
// others can write between.
const resealBatch = 200

// Reseal seals everything with the primary key that was sealed with an older
// one, and returns how many values that were. Run it after the Rotate of
// [github.com/pbxusers/pbxusers/store.Keyring], before an old key is taken out
// of the key file. It works in batches: when it fails, or ctx ends, what is
// done is done, and another run does the rest.
func (db *DB) Reseal(ctx context.Context) (int, error) {
	total := 0
	for after, more := "", true; more; {
		var batch []sealedSecret
		changed := 0
		err := db.Atomically(ctx, func(ctx context.Context) (err error) {
			q := db.joined(ctx)
			if batch, err = db.sealedSecrets(ctx, q, after); err != nil {
				return err
			}
			changed, err = db.resealSecrets(ctx, q, batch)
			return err
		})
		if err != nil {
			return total, err
		}
		total += changed
		if more = len(batch) == resealBatch; more {
			after = batch[len(batch)-1].foldedName
		}
	}
	return total, nil
}

// sealedSecret is the secret of one AMI account as it is stored.
type sealedSecret struct {
	foldedName string
	sealed     []byte
}

func (db *DB) sealedSecrets(ctx context.Context, q querier, after string) ([]sealedSecret, error) {
	const query = "SELECT folded_name, secret FROM pbxusers_managers WHERE folded_name > ? ORDER BY folded_name LIMIT ?"
	rows, err := q.QueryContext(ctx, query, after, resealBatch)
	if err != nil {
		return nil, db.failed(ctx, "reseal", err)
	}
	defer func() { _ = rows.Close() }()
	batch := make([]sealedSecret, 0, resealBatch)
	for rows.Next() {
		var s sealedSecret
		if err := rows.Scan(&s.foldedName, &s.sealed); err != nil {
			return nil, db.failed(ctx, "reseal", err)
		}
		batch = append(batch, s)
	}
	return batch, db.failed(ctx, "reseal", rows.Err())
}

func (db *DB) resealSecrets(ctx context.Context, q querier, batch []sealedSecret) (int, error) {
	changed := 0
	for _, s := range batch {
		if db.keyring.Current(s.sealed) {
			continue
		}
		place := managerSeal(s.foldedName)
		opened, err := db.keyring.Open(s.sealed, place)
		if err != nil {
			return 0, fmt.Errorf("sqlstore: reseal the secret of %q: %w", s.foldedName, err)
		}
		const update = "UPDATE pbxusers_managers SET secret = ? WHERE folded_name = ?"
		if _, err := q.ExecContext(ctx, update, db.keyring.Seal(opened, place), s.foldedName); err != nil {
			return 0, db.failed(ctx, "reseal", err)
		}
		changed++
	}
	return changed, nil
}

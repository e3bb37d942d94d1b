package sqlstore

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// refreshSignatures signs the entries again, and then the head of the audit log.
func (db *DB) refreshSignatures(ctx context.Context) (int, error) {
	entries, err := batchUpdate[*audit.Entry]{batch: reencryptBatch, read: db.readSignatures, update: db.refreshEntrySignature}.run(ctx, db)
	if err != nil {
		return entries, err
	}
	heads, err := batchUpdate[audit.Head]{
		batch: 2, // more than the number of heads
		read: func(ctx context.Context, q querier, _ *audit.Head) ([]audit.Head, error) {
			head, err := db.readHead(ctx, q)
			return []audit.Head{head}, err
		},
		update: db.refreshHeadSignature,
	}.run(ctx, db)
	return entries + heads, err
}

// readSignatures returns the signed parts of the entries after last.
func (db *DB) readSignatures(ctx context.Context, q querier, last **audit.Entry) ([]*audit.Entry, error) {
	var s whereClause
	if last != nil {
		s.and("sequence > ?", (*last).Sequence)
	}
	text := "SELECT sequence, hash, signature FROM pbxusers_audit" + s.sql() + " ORDER BY sequence" + limitSQL(reencryptBatch)
	return query(ctx, db, q, "refresh audit signatures", text, s.args, func(row scanner) (*audit.Entry, error) {
		e := &audit.Entry{}
		return e, row.Scan(&e.Sequence, (*[]byte)(&e.Hash), &e.Signature)
	})
}

func (db *DB) refreshEntrySignature(ctx context.Context, q querier, e *audit.Entry) (bool, error) {
	if changed, err := ignoreBadSignature(e.RefreshSignature(db.keyring)); !changed {
		return false, err
	}
	_, err := q.ExecContext(ctx, "UPDATE pbxusers_audit SET signature = ? WHERE sequence = ?", e.Signature, e.Sequence)
	return true, db.wrapError(ctx, "refresh audit signatures", err)
}

func (db *DB) refreshHeadSignature(ctx context.Context, q querier, head audit.Head) (bool, error) {
	if changed, err := ignoreBadSignature(head.RefreshSignature(db.keyring)); !changed {
		return false, err
	}
	_, err := q.ExecContext(ctx, "UPDATE pbxusers_audit_head SET signature = ?", head.Signature)
	return true, db.wrapError(ctx, "refresh audit signatures", err)
}

// ignoreBadSignature returns the results of RefreshSignature, but ignores a bad
// signature, which is left unchanged.
func ignoreBadSignature(changed bool, err error) (bool, error) {
	if errors.Is(err, store.ErrBadSignature) || isUnknownKey(err) {
		return false, nil
	}
	return changed, err
}

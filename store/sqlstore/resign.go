package sqlstore

import (
	"context"
	"errors"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// resignTrail signs the entries anew, and last the end of the trail.
func (db *DB) resignTrail(ctx context.Context) (int, error) {
	entries, err := renewal[*audit.Entry]{batch: resealBatch, read: db.signatures, renew: db.resignEntry}.run(ctx, db)
	if err != nil {
		return entries, err
	}
	heads, err := renewal[audit.Head]{
		batch: 2, // more than there are
		read: func(ctx context.Context, q querier, _ *audit.Head) ([]audit.Head, error) {
			head, err := db.readHead(ctx, q)
			return []audit.Head{head}, err
		},
		renew: db.resignHead,
	}.run(ctx, db)
	return entries + heads, err
}

// signatures returns what the signatures of entries need, after last.
func (db *DB) signatures(ctx context.Context, q querier, last **audit.Entry) ([]*audit.Entry, error) {
	var s selection
	if last != nil {
		s.and("sequence > ?", (*last).Sequence)
	}
	text := "SELECT sequence, hash, signature FROM pbxusers_audit" + s.where() + " ORDER BY sequence LIMIT ?"
	return query(ctx, db, q, "sign the audit trail anew", text, append(s.args, resealBatch), func(row scanner) (*audit.Entry, error) {
		e := &audit.Entry{}
		return e, row.Scan(&e.Sequence, (*[]byte)(&e.Hash), &e.Signature)
	})
}

func (db *DB) resignEntry(ctx context.Context, q querier, e *audit.Entry) (bool, error) {
	if due, err := resigned(e.Resign(db.keyring)); !due {
		return false, err
	}
	_, err := q.ExecContext(ctx, "UPDATE pbxusers_audit SET signature = ? WHERE sequence = ?", e.Signature, e.Sequence)
	return true, db.failed(ctx, "sign the audit trail anew", err)
}

func (db *DB) resignHead(ctx context.Context, q querier, head audit.Head) (bool, error) {
	if due, err := resigned(head.Resign(db.keyring)); !due {
		return false, err
	}
	_, err := q.ExecContext(ctx, "UPDATE pbxusers_audit_head SET signature = ?", head.Signature)
	return true, db.failed(ctx, "sign the audit trail anew", err)
}

// resigned passes on the results of Resign, but for those of a signature that
// does not prove true: that one is left as it is.
func resigned(due bool, err error) (bool, error) {
	if errors.Is(err, store.ErrForged) || unknownKey(err) {
		return false, nil
	}
	return due, err
}

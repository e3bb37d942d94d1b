package sqlstore

import (
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
)

func entryTable() table {
	return table{
		name: "pbxusers_audit",
		columns: []string{
			"sequence", "at", "actor_kind", "actor_name", "actor_source", "action", "kind", "record", "outcome", "reason",
			"before_json", "after_json", "fingerprint", "hash", "signature",
		},
	}
}

// encodeEntry returns the values of the columns of entryTable.
func encodeEntry(e *audit.Entry) []any {
	return []any{
		e.Sequence, e.Time.UnixMicro(), e.Actor.Kind, e.Actor.Name, e.Actor.RemoteAddr, e.Action, e.Kind, e.Key, e.Outcome, e.Reason,
		nullIfEmpty(string(e.Before)), nullIfEmpty(string(e.After)), encodeHash(e.Fingerprint), encodeHash(e.Hash), encodeHash(e.Signature),
	}
}

// decodeEntry reads one row of entryTable's columns.
func decodeEntry(row scanner) (*audit.Entry, error) {
	e, at := &audit.Entry{}, int64(0)
	err := row.Scan(
		&e.Sequence, &at, &e.Actor.Kind, &e.Actor.Name, &e.Actor.RemoteAddr, &e.Action, &e.Kind, &e.Key, &e.Outcome, &e.Reason,
		(*[]byte)(&e.Before), (*[]byte)(&e.After), &e.Fingerprint, (*[]byte)(&e.Hash), &e.Signature,
	)
	e.Time = fromMicro(at)
	return e, err
}

// ceilMicro returns the first microsecond that is not before t.
func ceilMicro(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

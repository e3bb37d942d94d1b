package audit

import (
	"context"
	"crypto/hmac"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// tamperCode returns how the record that e changes differs from its last state in
// the audit log, or "".
func (l *Log) tamperCode(ctx context.Context, e *Entry, priorState []byte) (string, error) {
	if priorState == nil {
		return "", nil
	}
	last, err := l.lastState(ctx, e.Kind, e.Key)
	if err != nil {
		return "", err
	}
	code := ""
	switch {
	case last == nil || last.isDeletion():
		code = CodeRecordUntracked
	case len(last.Fingerprint) > 0:
		code, err = l.compareState(last, priorState)
	}
	if code != "" {
		l.logger.ErrorContext(ctx, "a record was modified outside this program; verify the audit log",
			"kind", e.Kind, "key", e.Key, "code", code)
	}
	return code, err
}

// compareState compares a record with the fingerprint of an entry. It ignores an
// entry that cannot be verified; [Log.Verify] reports that.
func (l *Log) compareState(last *Entry, state []byte) (string, error) {
	key, err := last.openSignature(l.keyring)
	switch {
	case errors.Is(err, store.ErrBadSignature) || errors.As(err, new(*store.UnknownKeyError)):
		return "", nil
	case err != nil:
		return "", err
	case !hmac.Equal(last.Fingerprint, computeFingerprint(key, state)):
		return CodeRecordModified, nil
	}
	return "", nil
}

// lastState returns the newest entry that has the state of a record, or nil.
func (l *Log) lastState(ctx context.Context, kind, key string) (*Entry, error) {
	if key == "" { // which would select other records
		return nil, nil
	}
	// Query by the key alone: for several conditions a database may choose the
	// least selective index, and read the whole log.
	q := Query{Key: key, PageRequest: store.PageRequest{Limit: 5}}
	for {
		list, err := l.store.ListEntries(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range list.Items {
			if e.Kind == kind && e.hasState() {
				return e, nil
			}
		}
		if q.After = list.Next; list.Next == "" {
			return nil, nil
		}
		q.Limit = store.MaxPageLimit
	}
}

// hasState reports whether e has the state of a record. A denial has none, and
// neither has an operation without a record.
func (e *Entry) hasState() bool {
	return e.Outcome == Succeeded && (len(e.Before) > 0 || len(e.After) > 0 || len(e.Fingerprint) > 0)
}

// isDeletion reports whether e, which has a state, deleted its record.
func (e *Entry) isDeletion() bool { return len(e.After) == 0 && len(e.Fingerprint) == 0 }

// isCreation reports whether e created its record.
func (e *Entry) isCreation() bool {
	return len(e.Before) == 0 && (len(e.After) > 0 || e.Action == ActionBaseline)
}

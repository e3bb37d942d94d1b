package audit

import (
	"context"
	"crypto/hmac"
	"errors"

	"github.com/pbxusers/pbxusers/store"
)

// doubt returns why the record that e changes is not what the trail says of it
// last, or "".
func (t *Trail) doubt(ctx context.Context, e *Entry, sealedBefore []byte) (string, error) {
	if sealedBefore == nil {
		return "", nil
	}
	last, err := t.lastWord(ctx, e.Kind, e.Key)
	if err != nil {
		return "", err
	}
	code := ""
	switch {
	case last == nil || last.gone():
		code = CodeRecordUnknown
	case len(last.Fingerprint) > 0:
		code, err = t.differs(last, sealedBefore)
	}
	if code != "" {
		t.log.ErrorContext(ctx, "a record was changed in another way than through this program; verify the audit trail",
			"kind", e.Kind, "key", e.Key, "code", code)
	}
	return code, err
}

// differs compares a record with the fingerprint of an entry. What cannot be
// proven is left for [Trail.Verify] to tell of.
func (t *Trail) differs(last *Entry, sealed []byte) (string, error) {
	key, err := last.open(t.keyring)
	switch {
	case errors.Is(err, store.ErrForged) || errors.As(err, new(*store.UnknownKeyError)):
		return "", nil
	case err != nil:
		return "", err
	case !hmac.Equal(last.Fingerprint, fingerprint(key, sealed)):
		return CodeRecordDiffers, nil
	}
	return "", nil
}

// lastWord returns the newest entry that says something of a record, or nil.
func (t *Trail) lastWord(ctx context.Context, kind, key string) (*Entry, error) {
	if key == "" { // which would select those of others
		return nil, nil
	}
	// By the key alone: of several questions at once a database may take the
	// one that most entries answer, and read the whole trail.
	q := Query{Key: key, Page: store.Page{Limit: 5}}
	for {
		list, err := t.store.ListEntries(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range list.Items {
			if e.Kind == kind && e.states() {
				return e, nil
			}
		}
		if q.After = list.Next; list.Next == "" {
			return nil, nil
		}
		q.Limit = store.MaxPageLimit
	}
}

// states reports whether e says something of the state of a record: unlike
// one of a refusal, or of an act that concerned none.
func (e *Entry) states() bool {
	return e.Outcome == Done && (len(e.Before) > 0 || len(e.After) > 0 || len(e.Fingerprint) > 0)
}

// gone reports whether e, which states something, says that there is no such
// record any more.
func (e *Entry) gone() bool { return len(e.After) == 0 && len(e.Fingerprint) == 0 }

// begins reports whether e tells how its record came to be.
func (e *Entry) begins() bool {
	return len(e.Before) == 0 && (len(e.After) > 0 || e.Action == ActionAdopt)
}

package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// maxFindings bounds how many problems a verification lists.
const maxFindings = 100

// RecordSource are all records of one kind, to be compared with the trail.
type RecordSource struct {
	// Kind is that of [Event].
	Kind string
	// Each calls visit for every record with its key and what [Event] calls
	// Sealed.
	Each func(ctx context.Context, visit func(key string, sealed []byte) error) error
}

// Finding is something that was changed behind the trail's back.
type Finding struct {
	// Sequence is that of the entry concerned; 0 when it is a record as it is
	// now.
	Sequence int64 `json:"sequence,omitempty"`
	// Kind and Key name the record concerned; empty when it is an entry.
	Kind string `json:"kind,omitempty"`
	Key  string `json:"key,omitempty"`
	// Code is a short, stable word for programs: one of the Code constants.
	Code string `json:"code"`
	// Message is one sentence for people.
	Message string `json:"message"`
}

// String returns the entry or record concerned, and the message.
func (f Finding) String() string {
	text := f.Message
	if f.Kind != "" {
		text = f.Kind + " " + f.Key + ": " + text
	}
	if f.Sequence != 0 {
		text = fmt.Sprintf("entry %d: %s", f.Sequence, text)
	}
	return text
}

// The codes of problems.
const (
	// CodeEntryMissing means that entries were removed, from Sequence on.
	CodeEntryMissing = "entry_missing"
	// CodeEntryAdded means that an entry has a sequence that was not its
	// turn.
	CodeEntryAdded = "entry_added"
	// CodeEntryForged means that the keyring did not sign the entry: it was
	// added, or changed together with its hash.
	CodeEntryForged = "entry_forged"
	// CodeEntryModified means that the entry is not what was signed.
	CodeEntryModified = "entry_modified"
	// CodeEntryUnverified means that the entry cannot be proven, because of
	// what became of the one before.
	CodeEntryUnverified = "entry_unverified"
	// CodeKeyMissing means that what signed the entry, or the head when
	// Sequence is 0, is not in the keyring.
	CodeKeyMissing = "key_missing"
	// CodeHeadMissing and CodeHeadForged mean that the head of the chain is
	// gone, or was not signed by the keyring: entries may be missing at the
	// end.
	CodeHeadMissing = "head_missing"
	CodeHeadForged  = "head_forged"
	// CodeHeadMismatch means that the last entry is not the one that the head
	// tells of.
	CodeHeadMismatch = "head_mismatch"
	// CodeLogTampered means that the trail was found changed when this entry
	// was to follow. Entries may be missing before it.
	CodeLogTampered = "log_tampered"
	// CodeRecordUntracked means that the trail never told how the record was
	// made, or told that it was deleted. With a Sequence, it was so before
	// that entry.
	CodeRecordUntracked = "record_untracked"
	// CodeRecordModified means that the record is not what the trail says of
	// it last. With a Sequence, it was so before that entry.
	CodeRecordModified = "record_modified"
	// CodeRecordMissing means that the trail does not know of a deletion.
	CodeRecordMissing = "record_missing"
	// CodeRecordUnreadable means that what a record keeps sealed was changed,
	// or sealed with a key that is not in the keyring. The records of its
	// kind that follow it could not be compared: mend or delete it, and verify
	// again.
	CodeRecordUnreadable = "record_unreadable"
)

// Verification is what [Log.Verify] found.
type Verification struct {
	// Entries is how many entries the trail has, and Records how many
	// records were compared with it.
	Entries int64 `json:"entries"`
	Records int64 `json:"records"`
	// Hash is that of the last entry. Whoever notes it down together with
	// Entries can later tell that nothing before was replaced as a whole.
	Hash string `json:"hash"`
	// Findings are empty when nothing was changed. At most 100 are listed;
	// ProblemCount is how many there are.
	Findings     []Finding `json:"findings"`
	FindingCount int64     `json:"finding_count"`
}

// Verify reads the whole trail, and compares every record of the given kinds
// with what the trail says of it last, as of one moment: writers wait while the
// records are compared, but not while the trail is read. It finds entries that
// were changed, added, moved or removed, also at the end, and records that were
// changed, added or removed by other ways than through the services.
//
// It cannot find that the trail, and the records that have changed since, were
// put back to an earlier state: for that, keep the Checkpoint elsewhere
// from time to time, see [Log.CompareCheckpoint]. A record from before the trail began is a problem until
// [Log.Baseline] tells the trail of it. A record of which an event told without Sealed is not judged until the next one that has
// it.
func (l *Log) Verify(ctx context.Context, records ...RecordSource) (*Verification, error) {
	if l == nil {
		return &Verification{Findings: []Finding{}}, nil
	}
	v := newVerifier(l.keyring, records)
	if err := l.store.EachEntry(ctx, func(e *Entry) error {
		v.checkEntry(e)
		return nil
	}); err != nil {
		return nil, err
	}
	var result *Verification
	err := l.store.RunInTx(ctx, func(ctx context.Context) error {
		final := v.clone() // this may run more than once
		result = final.result
		newer, err := l.entriesAfter(ctx, final.last)
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(newer) {
			final.checkEntry(e)
		}
		head, err := l.store.Head(ctx)
		if err != nil {
			return err
		}
		final.checkHead(head)
		return final.checkRecords(ctx, records)
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// entriesAfter returns the entries of higher sequences, the newest first. They are
// few: those that were written while the others were read.
func (l *Log) entriesAfter(ctx context.Context, last int64) ([]*Entry, error) {
	var newer []*Entry
	for q := (Query{}); ; {
		list, err := l.store.ListEntries(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, e := range list.Items {
			if e.Sequence <= last {
				return newer, nil
			}
			newer = append(newer, e)
		}
		if q.After = list.Next; list.Next == "" {
			return newer, nil
		}
	}
}

// checkRecords compares all records with what the trail says of them last.
func (v *verifier) checkRecords(ctx context.Context, records []RecordSource) error {
	for _, source := range records {
		kind := sanitize(source.Kind, maxText)
		err := source.Each(ctx, func(key string, state []byte) error {
			v.checkRecord(store.Reference{Kind: kind, Key: sanitize(key, maxText)}, state)
			return ctx.Err()
		})
		switch {
		case isUndecryptable(err):
			v.addFinding(Finding{
				Kind: kind, Code: CodeRecordUnreadable,
				Message: fmt.Sprintf("one %s cannot be read, and what follows it was not compared: %v", kind, err),
			})
		case err != nil:
			return err
		default:
			v.checkMissing(kind)
		}
	}
	return nil
}

// isUndecryptable reports whether err is of what a record holds, rather than of the
// database.
func isUndecryptable(err error) bool {
	return errors.Is(err, store.ErrDecrypt) || errors.As(err, new(*store.UnknownKeyError))
}

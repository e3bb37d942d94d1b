package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// maxProblems bounds how many problems a verification lists.
const maxProblems = 100

// Records are all records of one kind, to be compared with the trail.
type Records struct {
	// Kind is that of [Event].
	Kind string
	// Each calls visit for every record with its key and what [Event] calls
	// Sealed.
	Each func(ctx context.Context, visit func(key string, sealed []byte) error) error
}

// Problem is something that was changed behind the trail's back.
type Problem struct {
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
	// CodeEntryChanged means that the entry is not what was signed.
	CodeEntryChanged = "entry_changed"
	// CodeEntryUnproven means that the entry cannot be proven, because of
	// what became of the one before.
	CodeEntryUnproven = "entry_unproven"
	// CodeKeyMissing means that what signed the entry, or the head when
	// Sequence is 0, is not in the keyring.
	CodeKeyMissing = "key_missing"
	// CodeHeadMissing and CodeHeadForged mean that the head of the chain is
	// gone, or was not signed by the keyring: entries may be missing at the
	// end.
	CodeHeadMissing = "head_missing"
	CodeHeadForged  = "head_forged"
	// CodeHeadDiffers means that the last entry is not the one that the head
	// tells of.
	CodeHeadDiffers = "head_differs"
	// CodeTrailBroken means that the trail was found changed when this entry
	// was to follow. Entries may be missing before it.
	CodeTrailBroken = "trail_broken"
	// CodeRecordUnknown means that the trail never told how the record was
	// made, or told that it was deleted. With a Sequence, it was so before
	// that entry.
	CodeRecordUnknown = "record_unknown"
	// CodeRecordDiffers means that the record is not what the trail says of
	// it last. With a Sequence, it was so before that entry.
	CodeRecordDiffers = "record_differs"
	// CodeRecordMissing means that the trail does not know of a deletion.
	CodeRecordMissing = "record_missing"
	// CodeRecordUnreadable means that what a record keeps sealed was changed,
	// or sealed with a key that is not in the keyring. The records of its
	// kind that follow it could not be compared: mend or delete it, and verify
	// again.
	CodeRecordUnreadable = "record_unreadable"
)

// Verification is what [Trail.Verify] found.
type Verification struct {
	// Entries is how many entries the trail has, and Records how many
	// records were compared with it.
	Entries int64 `json:"entries"`
	Records int64 `json:"records"`
	// Hash is that of the last entry. Whoever notes it down together with
	// Entries can later tell that nothing before was replaced as a whole.
	Hash string `json:"hash"`
	// Problems are empty when nothing was changed. At most 100 are listed;
	// ProblemCount is how many there are.
	Problems     []Problem `json:"problems"`
	ProblemCount int64     `json:"problem_count"`
}

// Verify reads the whole trail, and compares every record of the given kinds
// with what the trail says of it last, as of one moment: writers wait while the
// records are compared, but not while the trail is read. It finds entries that
// were changed, added, moved or removed, also at the end, and records that were
// changed, added or removed by other ways than through the services.
//
// It cannot find that the trail, and the records that have changed since, were
// put back to an earlier state: for that, note down Entries and Hash elsewhere
// from time to time. A record from before the trail began is a problem until
// [Trail.Adopt] tells the trail of it. A record of which an event told without Sealed is not judged until the next one that has
// it.
func (t *Trail) Verify(ctx context.Context, records ...Records) (*Verification, error) {
	if t == nil {
		return &Verification{Problems: []Problem{}}, nil
	}
	v := newVerifier(t.keyring, records)
	if err := t.store.EachEntry(ctx, func(e *Entry) error {
		v.entry(e)
		return nil
	}); err != nil {
		return nil, err
	}
	var found *Verification
	err := t.store.Atomically(ctx, func(ctx context.Context) error {
		end := v.clone() // this may run more than once
		found = end.found
		newer, err := t.newerThan(ctx, end.last)
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(newer) {
			end.entry(e)
		}
		head, err := t.store.Head(ctx)
		if err != nil {
			return err
		}
		end.head(head)
		return end.compare(ctx, records)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// newerThan returns the entries of higher sequences, the newest first. They are
// few: those that were written while the others were read.
func (t *Trail) newerThan(ctx context.Context, last int64) ([]*Entry, error) {
	var newer []*Entry
	for q := (Query{}); ; {
		list, err := t.store.ListEntries(ctx, q)
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

// compare compares all records with what the trail says of them last.
func (v *verifier) compare(ctx context.Context, records []Records) error {
	for _, of := range records {
		kind := clean(of.Kind, maxText)
		err := of.Each(ctx, func(key string, sealed []byte) error {
			v.record(store.Reference{Kind: kind, Key: clean(key, maxText)}, sealed)
			return ctx.Err()
		})
		switch {
		case unreadable(err):
			v.problem(Problem{
				Kind: kind, Code: CodeRecordUnreadable,
				Message: fmt.Sprintf("one %s cannot be read, and what follows it was not compared: %v", kind, err),
			})
		case err != nil:
			return err
		default:
			v.lost(kind)
		}
	}
	return nil
}

// unreadable reports whether err is of what a record holds, rather than of the
// database.
func unreadable(err error) bool {
	return errors.Is(err, store.ErrUnsealable) || errors.As(err, new(*store.UnknownKeyError))
}

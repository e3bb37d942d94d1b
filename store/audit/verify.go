package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// maxFindings is the maximum number of findings that a verification lists.
const maxFindings = 100

// RecordSource reads all records of one kind, to compare them with the audit log.
type RecordSource struct {
	// Kind is the kind of [Event].
	Kind string
	// Team is the team of the records. It is empty for the default team, and for
	// records without a team.
	Team string
	// Each calls visit for every record with its key and its [Event].State.
	Each func(ctx context.Context, visit func(key string, state []byte) error) error
}

// Finding is a modification outside the program.
type Finding struct {
	// Sequence is the sequence of the entry; 0 for a current record.
	Sequence int64 `json:"sequence,omitempty"`
	// Kind and Key identify the record; empty for an entry.
	Kind string `json:"kind,omitempty"`
	Key  string `json:"key,omitempty"`
	// Code is stable, for programs: one of the Code constants.
	Code string `json:"code"`
	// Message is one sentence of text.
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

// The codes of findings.
const (
	// CodeEntryMissing means that entries are missing, starting at Sequence.
	CodeEntryMissing = "entry_missing"
	// CodeEntryAdded means that the sequence of an entry is out of order.
	CodeEntryAdded = "entry_added"
	// CodeEntryForged means that the keyring did not sign the entry. The entry was
	// added, or changed together with its hash.
	CodeEntryForged = "entry_forged"
	// CodeEntryModified means that the entry does not match its signature.
	CodeEntryModified = "entry_modified"
	// CodeEntryUnverified means that the entry cannot be verified because of the
	// entry before it.
	CodeEntryUnverified = "entry_unverified"
	// CodeKeyMissing means that the key that signed the entry, or the head if
	// Sequence is 0, is not in the keyring.
	CodeKeyMissing = "key_missing"
	// CodeHeadMissing and CodeHeadForged mean that the head of the chain is
	// missing, or not signed by the keyring. Entries may be missing at the end.
	CodeHeadMissing = "head_missing"
	CodeHeadForged  = "head_forged"
	// CodeHeadMismatch means that the last entry is not the one in the head.
	CodeHeadMismatch = "head_mismatch"
	// CodeLogTampered means that the log was modified before this entry was added.
	// Entries may be missing before it.
	CodeLogTampered = "log_tampered"
	// CodeRecordUntracked means that no entry created the record, or that its last
	// entry deleted it. With a Sequence, this was found before that entry.
	CodeRecordUntracked = "record_untracked"
	// CodeRecordModified means that the record does not match its last entry. With
	// a Sequence, this was found before that entry.
	CodeRecordModified = "record_modified"
	// CodeRecordMissing means that the record is missing, and that no entry deleted
	// it.
	CodeRecordMissing = "record_missing"
	// CodeRecordUnreadable means that a value of a record was modified and cannot be
	// read, or is encrypted with a key that is not in the keyring. Without a Key, the
	// following records of the kind were not compared. Repair or delete the record,
	// and verify again.
	CodeRecordUnreadable = "record_unreadable"
	// CodeRowModified, CodeRowMissing and CodeRowAdded mean that a row of the
	// database does not match the record that it belongs to, such as a column or an
	// indexing table that a login uses to find its user. Kind and Key identify that
	// record, or the table and the row if it belongs to no record.
	CodeRowModified = "row_modified"
	CodeRowMissing  = "row_missing"
	CodeRowAdded    = "row_added"
	// CodeSchemaModified means that the tables, indexes, triggers or views of the
	// database are not those of the program.
	CodeSchemaModified = "schema_modified"
)

// Verification is the result of [Log.Verify].
type Verification struct {
	// Entries is the number of entries in the log, and Records the number of
	// records that were compared.
	Entries int64 `json:"entries"`
	Records int64 `json:"records"`
	// Hash is the hash of the last entry. If you note Hash and Entries in a safe
	// place, you can detect later that the whole log was replaced.
	Hash string `json:"hash"`
	// Findings is empty if nothing was modified. It has at most 100 findings;
	// FindingCount is the number of all.
	Findings     []Finding `json:"findings"`
	FindingCount int64     `json:"finding_count"`
}

// Verify reads the whole log, and compares every record of the given kinds with its
// last entry in one snapshot. Writers wait while the records are compared, but not
// while the log is read. It finds entries that were changed, added, moved or
// removed, also at the end. It finds records that were changed, added or removed
// outside the services. It also finds what [Store].CheckIntegrity finds in the rest of
// the database, without blocking writers. Pass the sources of all kinds and teams that
// the database has.
//
// It cannot find that the log, and the records that have changed since, were
// restored to an earlier state. To detect that, store the Checkpoint in another place
// from time to time; see [Log.CompareCheckpoint]. A record from before the log began
// is a finding until [Log.Baseline] records it. A record whose last event has no State
// is not compared until the next event with a State.
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
	var final *verifier
	err := l.store.RunInTx(ctx, func(ctx context.Context) error {
		final = v.clone() // this function may run more than once
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
	if err == nil {
		// It needs no lock: it compares what one snapshot has.
		err = l.store.CheckIntegrity(ctx, records, final.addFinding)
	}
	if err != nil {
		return nil, err
	}
	return final.result, nil
}

// entriesAfter returns the entries with higher sequences, newest first. There are
// few: they were written while the others were read.
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

// checkRecords compares all records with their last entries. The sources of several
// teams can have the same kind.
func (v *verifier) checkRecords(ctx context.Context, records []RecordSource) error {
	var complete, incomplete []string
	for _, source := range records {
		kind := sanitize(source.Kind, maxText)
		err := source.Each(ctx, func(key string, state []byte) error {
			v.checkRecord(store.Reference{Kind: kind, Key: sanitize(key, maxText)}, state)
			return ctx.Err()
		})
		switch {
		case isUnreadable(err):
			incomplete = append(incomplete, kind)
			v.addFinding(Finding{
				Kind: kind, Code: CodeRecordUnreadable,
				Message: fmt.Sprintf("one %s cannot be read, and the following ones were not compared: %v", kind, err),
			})
		case err != nil:
			return err
		case !slices.Contains(complete, kind):
			complete = append(complete, kind)
		}
	}
	for _, kind := range complete {
		if !slices.Contains(incomplete, kind) {
			v.checkMissing(kind)
		}
	}
	return nil
}

// isUnreadable reports whether err is an error of the value of a record, and not of
// the database.
func isUnreadable(err error) bool {
	return errors.Is(err, store.ErrDecrypt) || errors.Is(err, store.ErrCorrupt) || errors.As(err, new(*store.UnknownKeyError))
}

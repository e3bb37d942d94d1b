package audit

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// verifier reads the entries from first to last, and then the records.
type verifier struct {
	keyring *store.Keyring
	result  *Verification
	// last is the highest sequence so far, and previous its hash. verified reports
	// whether the hash is verified.
	last     int64
	previous Hash
	verified bool
	// states are the last states of the records of the given kinds.
	kinds  map[string]bool
	states map[store.Reference]recordState
}

// recordState is the last state of a record in the audit log.
type recordState struct {
	sequence int64
	// fingerprint and its key are nil if the record was deleted or cannot be
	// compared.
	fingerprint, key []byte
	deleted          bool
	found            bool
}

func newVerifier(keyring *store.Keyring, records []RecordSource) *verifier {
	v := &verifier{
		keyring: keyring, result: &Verification{Findings: []Finding{}}, verified: true,
		kinds: map[string]bool{}, states: map[store.Reference]recordState{},
	}
	for _, source := range records {
		v.kinds[sanitize(source.Kind, maxText)] = true
	}
	return v
}

// clone returns a copy that continues from here, and leaves v unchanged.
func (v *verifier) clone() *verifier {
	c, result := *v, *v.result
	result.Findings = slices.Clone(result.Findings)
	c.result, c.states = &result, maps.Clone(v.states)
	return &c
}

func (v *verifier) addFinding(f Finding) {
	v.result.FindingCount++
	if len(v.result.Findings) < maxFindings {
		v.result.Findings = append(v.result.Findings, f)
	}
}

// checkEntry checks the next entry, and tracks the state of its record.
func (v *verifier) checkEntry(e *Entry) {
	v.result.Entries++
	if e.Sequence <= v.last {
		v.addFinding(Finding{Sequence: e.Sequence, Code: CodeEntryAdded, Message: fmt.Sprintf("entry %d is out of order: it was added", e.Sequence)})
		return
	}
	gap := e.Sequence > v.last+1
	if gap {
		v.addFinding(missingEntries(v.last+1, e.Sequence-1, "so the next entry cannot be verified"))
	}
	hash := e.chainHash(v.previous)
	key, signature := e.openSignature(v.keyring)
	hashMatches := bytes.Equal(hash, e.Hash)
	if finding := v.entryFinding(e, signature, hashMatches || gap); finding != nil {
		v.addFinding(*finding)
	}
	v.last, v.previous, v.verified = e.Sequence, e.Hash, signature == nil
	v.result.Hash = e.Hash.String()
	switch {
	case signature != nil:
		v.previous = hash // not verified
	case hashMatches && !gap:
		v.trackState(e, key)
	}
}

// entryFinding returns the problem of an entry, if any. signature is the result of
// verifying its signature, and hashMatches reports whether its hash matches its
// content.
func (v *verifier) entryFinding(e *Entry, signature error, hashMatches bool) *Finding {
	f := &Finding{Sequence: e.Sequence}
	unknown, keyMissing := errors.AsType[*store.UnknownKeyError](signature)
	switch {
	case keyMissing:
		f.Code, f.Message = CodeKeyMissing, fmt.Sprintf("entry %d is signed with key %s, which is not in the keyring; restore that key", e.Sequence, unknown.ID)
	case signature != nil:
		f.Code, f.Message = CodeEntryForged, fmt.Sprintf("entry %d was not signed by this program: it was added or changed", e.Sequence)
	case !hashMatches && v.verified:
		f.Code, f.Message = CodeEntryModified, fmt.Sprintf("entry %d was changed", e.Sequence)
	case !hashMatches:
		f.Code, f.Message = CodeEntryUnverified, fmt.Sprintf("entry %d cannot be verified, because of the entry before it", e.Sequence)
	case e.Kind == tamperKind:
		f.Code, f.Message = CodeLogTampered, fmt.Sprintf("the audit log was modified before entry %d was written; earlier entries may be missing", e.Sequence)
	default:
		return nil
	}
	return f
}

// trackState stores the state of a record in a verified entry.
func (v *verifier) trackState(e *Entry, key []byte) {
	if !v.kinds[e.Kind] || !e.hasState() {
		return
	}
	ref := store.Reference{Kind: e.Kind, Key: e.Key}
	prior, tracked := v.states[ref]
	f := Finding{Sequence: e.Sequence, Kind: ref.Kind, Key: ref.Key}
	switch {
	case !e.isCreation() && (!tracked || prior.deleted), e.Reason == CodeRecordUntracked:
		f.Code, f.Message = CodeRecordUntracked, fmt.Sprintf("before entry %d there is no entry that created this %s: it was added outside this program", e.Sequence, ref.Kind)
		v.addFinding(f)
	case e.Reason == CodeRecordModified:
		f.Code, f.Message = CodeRecordModified, fmt.Sprintf("before entry %d this %s did not match the audit log: it was modified outside this program", e.Sequence, ref.Kind)
		v.addFinding(f)
	}
	v.states[ref] = recordState{sequence: e.Sequence, fingerprint: e.Fingerprint, key: key, deleted: e.isDeletion()}
}

// checkHead checks the head, after the last entry.
func (v *verifier) checkHead(head Head) {
	if head.Sequence == 0 {
		if v.last > 0 {
			v.addFinding(Finding{Code: CodeHeadMissing, Message: "the head of the audit log is missing; entries may be missing at the end"})
		}
		return
	}
	err := head.verify(v.keyring)
	unknown, keyMissing := errors.AsType[*store.UnknownKeyError](err)
	switch {
	case keyMissing:
		v.addFinding(Finding{Code: CodeKeyMissing, Message: fmt.Sprintf("the head of the audit log is signed with key %s, which is not in the keyring; restore that key", unknown.ID)})
	case err != nil:
		v.addFinding(Finding{Code: CodeHeadForged, Message: "the head of the audit log was not signed by this program; entries may be missing at the end"})
	case head.Sequence > v.last:
		v.addFinding(missingEntries(v.last+1, head.Sequence, "at the end of the log"))
	case head.Sequence < v.last || !bytes.Equal(head.Hash, v.previous):
		v.addFinding(Finding{Sequence: v.last, Code: CodeHeadMismatch, Message: fmt.Sprintf("entry %d is not the last entry according to the head of the audit log", v.last)})
	}
}

func missingEntries(from, to int64, consequence string) Finding {
	entries := fmt.Sprintf("entries %d to %d are missing", from, to)
	if from == to {
		entries = fmt.Sprintf("entry %d is missing", from)
	}
	return Finding{Sequence: from, Code: CodeEntryMissing, Message: entries + ", " + consequence}
}

// checkRecord compares a record with its last state in the audit log.
func (v *verifier) checkRecord(ref store.Reference, state []byte) {
	v.result.Records++
	f := Finding{Kind: ref.Kind, Key: ref.Key}
	last, tracked := v.states[ref]
	switch {
	case !tracked:
		f.Code, f.Message = CodeRecordUntracked, fmt.Sprintf("no entry created this %s: it was added outside this program", ref.Kind)
		v.addFinding(f)
		return
	case last.deleted:
		f.Code, f.Message = CodeRecordUntracked, fmt.Sprintf("this %s was deleted by entry %d and exists again: it was added outside this program", ref.Kind, last.sequence)
		v.addFinding(f)
	case len(last.fingerprint) > 0 && !hmac.Equal(last.fingerprint, computeFingerprint(last.key, state)):
		f.Code, f.Message = CodeRecordModified, fmt.Sprintf("this %s does not match entry %d: it was modified outside this program", ref.Kind, last.sequence)
		v.addFinding(f)
	}
	last.found = true
	v.states[ref] = last
}

// checkMissing finds the records of a kind that are missing without having been
// deleted.
func (v *verifier) checkMissing(kind string) {
	var absent []store.Reference
	for ref, last := range v.states {
		if ref.Kind == kind && !last.found && len(last.fingerprint) > 0 {
			absent = append(absent, ref)
		}
	}
	slices.SortFunc(absent, func(a, b store.Reference) int { return cmp.Compare(v.states[a].sequence, v.states[b].sequence) })
	for _, ref := range absent {
		v.addFinding(Finding{
			Kind: ref.Kind, Key: ref.Key, Code: CodeRecordMissing,
			Message: fmt.Sprintf("this %s of entry %d is missing: it was deleted outside this program", ref.Kind, v.states[ref].sequence),
		})
	}
}

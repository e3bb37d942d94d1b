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

// verifier walks the trail from its first entry to its last, and then the
// records.
type verifier struct {
	keyring *store.Keyring
	result  *Verification
	// last is the highest sequence so far, and previous its hash; proven says
	// that the hash is certain.
	last     int64
	previous Hash
	verified bool
	// words is what the trail says last of each record of the kinds asked
	// for.
	kinds  map[string]bool
	states map[store.Reference]recordState
}

// recordState is what the trail says of a record.
type recordState struct {
	sequence int64
	// fingerprint and its key; nil when the record is gone or not judged.
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

// clone returns a verifier that goes on from here, and leaves v as it is.
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

// checkEntry judges the next entry, and learns what it says of a record.
func (v *verifier) checkEntry(e *Entry) {
	v.result.Entries++
	if e.Sequence <= v.last {
		v.addFinding(Finding{Sequence: e.Sequence, Code: CodeEntryAdded, Message: fmt.Sprintf("entry %d is not in its turn: it was added", e.Sequence)})
		return
	}
	gap := e.Sequence > v.last+1
	if gap {
		v.addFinding(missingEntries(v.last+1, e.Sequence-1, "so what the next one says cannot be proven either"))
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
		v.previous = hash // as it may have been
	case hashMatches && !gap:
		v.trackState(e, key)
	}
}

// entryFinding returns the problem of an entry, if any. signature is what became of
// proving it, same whether its hash is that of what it says.
func (v *verifier) entryFinding(e *Entry, signature error, hashMatches bool) *Finding {
	f := &Finding{Sequence: e.Sequence}
	unknown, keyMissing := errors.AsType[*store.UnknownKeyError](signature)
	switch {
	case keyMissing:
		f.Code, f.Message = CodeKeyMissing, fmt.Sprintf("entry %d is signed with key %s, which is not in the keyring; put that key back", e.Sequence, unknown.ID)
	case signature != nil:
		f.Code, f.Message = CodeEntryForged, fmt.Sprintf("entry %d was not signed by this program: it was added or changed", e.Sequence)
	case !hashMatches && v.verified:
		f.Code, f.Message = CodeEntryModified, fmt.Sprintf("entry %d was changed", e.Sequence)
	case !hashMatches:
		f.Code, f.Message = CodeEntryUnverified, fmt.Sprintf("entry %d cannot be proven, because of what became of the one before", e.Sequence)
	case e.Kind == tamperKind:
		f.Code, f.Message = CodeLogTampered, fmt.Sprintf("when entry %d was to be written, the trail had been changed; entries may be missing before it", e.Sequence)
	default:
		return nil
	}
	return f
}

// trackState keeps what a proven entry says of a record.
func (v *verifier) trackState(e *Entry, key []byte) {
	if !v.kinds[e.Kind] || !e.hasState() {
		return
	}
	ref := store.Reference{Kind: e.Kind, Key: e.Key}
	prior, tracked := v.states[ref]
	f := Finding{Sequence: e.Sequence, Kind: ref.Kind, Key: ref.Key}
	switch {
	case !e.isCreation() && (!tracked || prior.deleted), e.Reason == CodeRecordUntracked:
		f.Code, f.Message = CodeRecordUntracked, fmt.Sprintf("before entry %d the trail does not tell how this %s was made: it was added in another way", e.Sequence, ref.Kind)
		v.addFinding(f)
	case e.Reason == CodeRecordModified:
		f.Code, f.Message = CodeRecordModified, fmt.Sprintf("before entry %d this %s was not as the trail says: it was changed in another way", e.Sequence, ref.Kind)
		v.addFinding(f)
	}
	v.states[ref] = recordState{sequence: e.Sequence, fingerprint: e.Fingerprint, key: key, deleted: e.isDeletion()}
}

// checkHead judges the head, after the last entry.
func (v *verifier) checkHead(head Head) {
	if head.Sequence == 0 {
		if v.last > 0 {
			v.addFinding(Finding{Code: CodeHeadMissing, Message: "the head of the trail is gone; entries may be missing at the end"})
		}
		return
	}
	err := head.verify(v.keyring)
	unknown, keyMissing := errors.AsType[*store.UnknownKeyError](err)
	switch {
	case keyMissing:
		v.addFinding(Finding{Code: CodeKeyMissing, Message: fmt.Sprintf("the head of the trail is signed with key %s, which is not in the keyring; put that key back", unknown.ID)})
	case err != nil:
		v.addFinding(Finding{Code: CodeHeadForged, Message: "the head of the trail was not signed by this program; entries may be missing at the end"})
	case head.Sequence > v.last:
		v.addFinding(missingEntries(v.last+1, head.Sequence, "and nothing follows"))
	case head.Sequence < v.last || !bytes.Equal(head.Hash, v.previous):
		v.addFinding(Finding{Sequence: v.last, Code: CodeHeadMismatch, Message: fmt.Sprintf("entry %d is not the one that the head of the trail tells of", v.last)})
	}
}

func missingEntries(from, to int64, consequence string) Finding {
	entries := fmt.Sprintf("entries %d to %d are missing", from, to)
	if from == to {
		entries = fmt.Sprintf("entry %d is missing", from)
	}
	return Finding{Sequence: from, Code: CodeEntryMissing, Message: entries + ", " + consequence}
}

// checkRecord compares one record with what the trail says of it last.
func (v *verifier) checkRecord(ref store.Reference, state []byte) {
	v.result.Records++
	f := Finding{Kind: ref.Kind, Key: ref.Key}
	last, tracked := v.states[ref]
	switch {
	case !tracked:
		f.Code, f.Message = CodeRecordUntracked, fmt.Sprintf("the trail does not tell how this %s was made: it was added in another way", ref.Kind)
		v.addFinding(f)
		return
	case last.deleted:
		f.Code, f.Message = CodeRecordUntracked, fmt.Sprintf("this %s was deleted by entry %d, and is there again: it was added in another way", ref.Kind, last.sequence)
		v.addFinding(f)
	case len(last.fingerprint) > 0 && !hmac.Equal(last.fingerprint, computeFingerprint(last.key, state)):
		f.Code, f.Message = CodeRecordModified, fmt.Sprintf("this %s is not as entry %d left it: it was changed in another way", ref.Kind, last.sequence)
		v.addFinding(f)
	}
	last.found = true
	v.states[ref] = last
}

// checkMissing tells of the records of a kind that nobody deleted, and that are not
// there.
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
			Message: fmt.Sprintf("this %s is gone although entry %d tells of it: it was removed in another way", ref.Kind, v.states[ref].sequence),
		})
	}
}

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
	found   *Verification
	// last is the highest sequence so far, and previous its hash; proven says
	// that the hash is certain.
	last     int64
	previous Hash
	proven   bool
	// words is what the trail says last of each record of the kinds asked
	// for.
	kinds map[string]bool
	words map[store.Reference]word
}

// word is what the trail says of a record.
type word struct {
	sequence int64
	// fingerprint and its key; nil when the record is gone or not judged.
	fingerprint, key []byte
	gone             bool
	seen             bool
}

func newVerifier(keyring *store.Keyring, records []Records) *verifier {
	v := &verifier{
		keyring: keyring, found: &Verification{Problems: []Problem{}}, proven: true,
		kinds: map[string]bool{}, words: map[store.Reference]word{},
	}
	for _, of := range records {
		v.kinds[clean(of.Kind, maxText)] = true
	}
	return v
}

// clone returns a verifier that goes on from here, and leaves v as it is.
func (v *verifier) clone() *verifier {
	c, found := *v, *v.found
	found.Problems = slices.Clone(found.Problems)
	c.found, c.words = &found, maps.Clone(v.words)
	return &c
}

func (v *verifier) problem(p Problem) {
	v.found.ProblemCount++
	if len(v.found.Problems) < maxProblems {
		v.found.Problems = append(v.found.Problems, p)
	}
}

// entry judges the next entry, and learns what it says of a record.
func (v *verifier) entry(e *Entry) {
	v.found.Entries++
	if e.Sequence <= v.last {
		v.problem(Problem{Sequence: e.Sequence, Code: CodeEntryAdded, Message: fmt.Sprintf("entry %d is not in its turn: it was added", e.Sequence)})
		return
	}
	gap := e.Sequence > v.last+1
	if gap {
		v.problem(missing(v.last+1, e.Sequence-1, "so what the next one says cannot be proven either"))
	}
	hash := e.chained(v.previous)
	key, signature := e.open(v.keyring)
	same := bytes.Equal(hash, e.Hash)
	if problem := v.judge(e, signature, same || gap); problem != nil {
		v.problem(*problem)
	}
	v.last, v.previous, v.proven = e.Sequence, e.Hash, signature == nil
	v.found.Hash = e.Hash.String()
	switch {
	case signature != nil:
		v.previous = hash // as it may have been
	case same && !gap:
		v.learn(e, key)
	}
}

// judge returns the problem of an entry, if any. signature is what became of
// proving it, same whether its hash is that of what it says.
func (v *verifier) judge(e *Entry, signature error, same bool) *Problem {
	p := &Problem{Sequence: e.Sequence}
	unknown, lacking := errors.AsType[*store.UnknownKeyError](signature)
	switch {
	case lacking:
		p.Code, p.Message = CodeKeyMissing, fmt.Sprintf("entry %d is signed with key %s, which is not in the keyring; put that key back", e.Sequence, unknown.ID)
	case signature != nil:
		p.Code, p.Message = CodeEntryForged, fmt.Sprintf("entry %d was not signed by this program: it was added or changed", e.Sequence)
	case !same && v.proven:
		p.Code, p.Message = CodeEntryChanged, fmt.Sprintf("entry %d was changed", e.Sequence)
	case !same:
		p.Code, p.Message = CodeEntryUnproven, fmt.Sprintf("entry %d cannot be proven, because of what became of the one before", e.Sequence)
	case e.Kind == breakKind:
		p.Code, p.Message = CodeTrailBroken, fmt.Sprintf("when entry %d was to be written, the trail had been changed; entries may be missing before it", e.Sequence)
	default:
		return nil
	}
	return p
}

// learn keeps what a proven entry says of a record.
func (v *verifier) learn(e *Entry, key []byte) {
	if !v.kinds[e.Kind] || !e.states() {
		return
	}
	of := store.Reference{Kind: e.Kind, Key: e.Key}
	known, told := v.words[of]
	p := Problem{Sequence: e.Sequence, Kind: of.Kind, Key: of.Key}
	switch {
	case !e.begins() && (!told || known.gone), e.Reason == CodeRecordUnknown:
		p.Code, p.Message = CodeRecordUnknown, fmt.Sprintf("before entry %d the trail does not tell how this %s was made: it was added in another way", e.Sequence, of.Kind)
		v.problem(p)
	case e.Reason == CodeRecordDiffers:
		p.Code, p.Message = CodeRecordDiffers, fmt.Sprintf("before entry %d this %s was not as the trail says: it was changed in another way", e.Sequence, of.Kind)
		v.problem(p)
	}
	v.words[of] = word{sequence: e.Sequence, fingerprint: e.Fingerprint, key: key, gone: e.gone()}
}

// head judges the head, after the last entry.
func (v *verifier) head(head Head) {
	if head.Sequence == 0 {
		if v.last > 0 {
			v.problem(Problem{Code: CodeHeadMissing, Message: "the head of the trail is gone; entries may be missing at the end"})
		}
		return
	}
	err := head.verify(v.keyring)
	unknown, lacking := errors.AsType[*store.UnknownKeyError](err)
	switch {
	case lacking:
		v.problem(Problem{Code: CodeKeyMissing, Message: fmt.Sprintf("the head of the trail is signed with key %s, which is not in the keyring; put that key back", unknown.ID)})
	case err != nil:
		v.problem(Problem{Code: CodeHeadForged, Message: "the head of the trail was not signed by this program; entries may be missing at the end"})
	case head.Sequence > v.last:
		v.problem(missing(v.last+1, head.Sequence, "and nothing follows"))
	case head.Sequence < v.last || !bytes.Equal(head.Hash, v.previous):
		v.problem(Problem{Sequence: v.last, Code: CodeHeadDiffers, Message: fmt.Sprintf("entry %d is not the one that the head of the trail tells of", v.last)})
	}
}

func missing(from, to int64, rest string) Problem {
	entries := fmt.Sprintf("entries %d to %d are missing", from, to)
	if from == to {
		entries = fmt.Sprintf("entry %d is missing", from)
	}
	return Problem{Sequence: from, Code: CodeEntryMissing, Message: entries + ", " + rest}
}

// record compares one record with what the trail says of it last.
func (v *verifier) record(of store.Reference, sealed []byte) {
	v.found.Records++
	p := Problem{Kind: of.Kind, Key: of.Key}
	w, told := v.words[of]
	switch {
	case !told:
		p.Code, p.Message = CodeRecordUnknown, fmt.Sprintf("the trail does not tell how this %s was made: it was added in another way", of.Kind)
		v.problem(p)
		return
	case w.gone:
		p.Code, p.Message = CodeRecordUnknown, fmt.Sprintf("this %s was deleted by entry %d, and is there again: it was added in another way", of.Kind, w.sequence)
		v.problem(p)
	case len(w.fingerprint) > 0 && !hmac.Equal(w.fingerprint, fingerprint(w.key, sealed)):
		p.Code, p.Message = CodeRecordDiffers, fmt.Sprintf("this %s is not as entry %d left it: it was changed in another way", of.Kind, w.sequence)
		v.problem(p)
	}
	w.seen = true
	v.words[of] = w
}

// lost tells of the records of a kind that nobody deleted, and that are not
// there.
func (v *verifier) lost(kind string) {
	var lost []store.Reference
	for of, w := range v.words {
		if of.Kind == kind && !w.seen && len(w.fingerprint) > 0 {
			lost = append(lost, of)
		}
	}
	slices.SortFunc(lost, func(a, b store.Reference) int { return cmp.Compare(v.words[a].sequence, v.words[b].sequence) })
	for _, of := range lost {
		v.problem(Problem{
			Kind: of.Kind, Key: of.Key, Code: CodeRecordMissing,
			Message: fmt.Sprintf("this %s is gone although entry %d tells of it: it was removed in another way", of.Kind, v.words[of].sequence),
		})
	}
}

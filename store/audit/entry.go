package audit

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Outcome says how an act ended.
type Outcome string

// The outcomes of an act.
const (
	// Succeeded means that it was done.
	Succeeded Outcome = "succeeded"
	// Denied means that it was refused, and nothing was changed.
	Denied Outcome = "denied"
	// Failed means that the system failed at it.
	Failed Outcome = "failed"
)

// ActorKind says what kind of actor acts.
type ActorKind string

// The kinds of actors.
const (
	// Administrator is somebody who logged in to the pages or the API of the
	// administrators.
	Administrator ActorKind = "administrator"
	// User is somebody of the directory who logged in to a portal of their
	// own, or to a service.
	User ActorKind = "user"
	// Console is somebody who has a shell on the host.
	Console ActorKind = "console"
	// System is the program by itself.
	System ActorKind = "system"
	// Anonymous is somebody who has not logged in.
	Anonymous ActorKind = "anonymous"
)

// Actor is who did something, and from where.
type Actor struct {
	Kind ActorKind `json:"kind"`
	// Name is the username, of which each kind has its own; empty for a
	// visitor.
	Name string `json:"name"`
	// RemoteAddr is the IP address of the actor. It is zero on the host itself
	// and where a service does not know it.
	RemoteAddr netip.Addr `json:"remote_addr"`
	// Service names the service that asked for the actor without an address,
	// such as "xmpp".
	Service string `json:"service,omitempty"`
}

// Origin returns where the actor came from as text: the address, "service:xmpp"
// for a service, or "".
func (a Actor) Origin() string {
	switch {
	case a.RemoteAddr.IsValid():
		return a.RemoteAddr.String()
	case a.Service != "":
		return "service:" + a.Service
	}
	return ""
}

// Entry is one line of the trail. It holds no secret, no hash of one, and no
// value that was refused.
type Entry struct {
	// Sequence counts the entries of a trail from 1, without a gap.
	Sequence int64 `json:"sequence"`
	// Time is UTC with microseconds.
	Time  time.Time `json:"time"`
	Actor Actor     `json:"actor"`
	// Action is a word such as "create", "update", "delete", "login",
	// "apply".
	Action string `json:"action"`
	// Kind is what was acted on, such as "administrator" or "AMI account",
	// and Key which one among those.
	Kind string `json:"kind"`
	Key  string `json:"key"`
	// Outcome is Done, Refused or Failed, and Reason says why it was not
	// done: codes and names of fields, such as "invalid: secret (min)". Of
	// what was done it is empty, or says what was found wrong with the record
	// before, see [Event].
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
	// Before and After are the record as the API shows it; null when there
	// was none.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Fingerprint is that of the whole record after the act, secrets
	// included: HMAC-SHA-256 with a random key of its own, so that it tells
	// nothing of them; nil when the record is gone, or the act concerned
	// none. See [Log.Verify].
	Fingerprint []byte `json:"-"`
	// Hash chains the entry to the one before: SHA-256 over its hash and all
	// of the above.
	Hash Hash `json:"hash"`
	// Signature is the keyring's for Sequence and Hash, and holds the key of
	// Fingerprint, sealed.
	Signature []byte `json:"-"`
}

// Clone returns a copy that shares nothing with e.
func (e *Entry) Clone() *Entry {
	c := *e
	for _, field := range []*[]byte{(*[]byte)(&c.Before), (*[]byte)(&c.After), &c.Fingerprint, (*[]byte)(&c.Hash), &c.Signature} {
		*field = append([]byte(nil), *field...)
	}
	return &c
}

// Head is the end of the chain, kept apart from the entries, so that entries
// cut off at the end are missed too.
type Head struct {
	// Sequence and Hash are those of the last entry; 0 and nil when there is
	// none.
	Sequence int64
	Hash     Hash
	// Signature is the keyring's over both.
	Signature []byte
}

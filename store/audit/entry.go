package audit

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Outcome is the outcome of an operation.
type Outcome string

// The outcomes.
const (
	// Succeeded means that the operation was done.
	Succeeded Outcome = "succeeded"
	// Denied means that the operation was rejected, and nothing was changed.
	Denied Outcome = "denied"
	// Failed means that an internal error occurred.
	Failed Outcome = "failed"
)

// OutcomeNames returns the names of all outcomes.
func OutcomeNames() []string { return []string{string(Succeeded), string(Denied), string(Failed)} }

// ParseOutcome reads the name of an outcome. The empty text is the zero Outcome. It
// returns a [store.InvalidError] on "outcome" for any other text, which would select no
// entry.
func ParseOutcome(text string) (Outcome, error) {
	if text != "" && !slices.Contains(OutcomeNames(), text) {
		return "", store.NewInvalidError(store.FieldError{Field: "outcome", Code: store.CodeOneOf, Message: "choose one of " + strings.Join(OutcomeNames(), ", ")})
	}
	return Outcome(text), nil
}

// ActorKind is a kind of actor.
type ActorKind string

// The kinds of actors.
const (
	// Administrator is an administrator who is logged in to the pages or the API.
	Administrator ActorKind = "administrator"
	// User is a user of the PBX who is logged in to a portal or a service.
	User ActorKind = "user"
	// Console is a user of a shell on the host.
	Console ActorKind = "console"
	// System is the program itself.
	System ActorKind = "system"
	// Anonymous is a client that is not logged in.
	Anonymous ActorKind = "anonymous"
)

// Actor is the author of an operation.
type Actor struct {
	Kind ActorKind `json:"kind"`
	// Name is the username, unique for the kind. It is empty for Anonymous.
	Name string `json:"name"`
	// RemoteAddr is the IP address of the actor. It is zero for the console, and if
	// a service does not know it.
	RemoteAddr netip.Addr `json:"remote_addr"`
	// Service names the service that acted for the actor without an address, such
	// as "xmpp".
	Service string `json:"service,omitempty"`
}

// Author names the actor in a sentence: by its name, or without one in words, such as
// "the server".
func (a Actor) Author() string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Kind == System:
		return "the server"
	case a.Kind == Console:
		return "the console"
	case a.Kind == Anonymous:
		return "a visitor, not logged in"
	}
	return string(a.Kind)
}

// Origin returns the origin of the actor as text: the address, "service:xmpp" for a
// service, or "".
func (a Actor) Origin() string {
	switch {
	case a.RemoteAddr.IsValid():
		return a.RemoteAddr.String()
	case a.Service != "":
		return "service:" + a.Service
	}
	return ""
}

// Entry is an entry of the audit log. It contains no secret, no hash of a secret,
// and no rejected value.
type Entry struct {
	// Sequence counts the entries of a log from 1, without gaps.
	Sequence int64 `json:"sequence"`
	// Time is UTC with microseconds.
	Time  time.Time `json:"time"`
	Actor Actor     `json:"actor"`
	// Action is a verb such as "create", "update", "delete", "login" or "apply".
	Action string `json:"action"`
	// Kind is the kind of the record, such as "administrator" or "AMI account", and
	// Key identifies the record in its kind.
	Kind string `json:"kind"`
	Key  string `json:"key"`
	// Extensions are the extensions of the user that the entry is about; see
	// [Event]. They decide who may read the entry. They are sorted, and contain no
	// control characters.
	Extensions []string `json:"-"`
	// Reason explains a Denied or Failed Outcome: codes and names of fields, such
	// as "invalid: secret (min)". For Succeeded it is empty, or tells how the
	// previous record was modified; see [Event].
	Outcome Outcome `json:"outcome"`
	Reason  string  `json:"reason"`
	// Before and After are the record as the API shows it; null if there was none.
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
	// Fingerprint is an HMAC-SHA-256 of the whole record after the operation,
	// including its secrets, with a random key of its own. It reveals nothing about
	// them. It is nil if the record was deleted or if the operation has no record.
	// See [Log.Verify].
	Fingerprint []byte `json:"-"`
	// Hash chains the entry to the previous one: SHA-256 of its hash and all fields
	// above.
	Hash Hash `json:"hash"`
	// Signature signs Sequence and Hash with the keyring. It contains the encrypted
	// key of Fingerprint.
	Signature []byte `json:"-"`
}

// Clone returns a deep copy of e.
func (e *Entry) Clone() *Entry {
	c := *e
	for _, field := range []*[]byte{(*[]byte)(&c.Before), (*[]byte)(&c.After), &c.Fingerprint, (*[]byte)(&c.Hash), &c.Signature} {
		*field = append([]byte(nil), *field...)
	}
	c.Extensions = slices.Clone(e.Extensions)
	return &c
}

// Head is the end of the chain. It is stored apart from the entries, so that
// entries that were removed at the end are missed.
type Head struct {
	// Sequence and Hash are those of the last entry; 0 and nil if there is none.
	Sequence int64
	Hash     Hash
	// Signature signs both with the keyring.
	Signature []byte
}

package audit

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Store persists a [Log]. A backend only persists: it neither chains nor signs.
//
// Every method joins the transaction of its context (see [store.Transactor]) and is
// safe for concurrent use. When the context has ended, a method writes nothing and
// returns the context's error.
type Store interface {
	store.Transactor

	// AppendEntry adds e and replaces the head. It returns a
	// [store.AlreadyExistsError] on "sequence" if there is an entry with that
	// sequence.
	AppendEntry(ctx context.Context, e *Entry, head Head) error
	// Head returns the end of the chain; the zero Head if there are no entries.
	Head(ctx context.Context) (Head, error)
	// ListEntries returns one page of the entries that match q, newest first. The
	// key of a page is the sequence as a decimal number. It returns a
	// [store.InvalidError] on "after" for any other key.
	ListEntries(ctx context.Context, q Query) (*store.Page[*Entry], error)
	// EachEntry calls visit for every entry, sorted by sequence, in one snapshot.
	// It stops at the first error and returns it. visit must not write to the
	// store. If the backend can, it holds only a bounded number of entries in
	// memory.
	EachEntry(ctx context.Context, visit func(*Entry) error) error
	// CheckIntegrity reports what was modified outside the program in the parts of
	// the database that neither the entries nor the records contain, such as derived
	// columns, indexing tables and triggers. A record of a kind in records, in a team
	// that none of them has, is a finding, too. No finding contains a secret or its
	// hash. CheckIntegrity reads one snapshot, and uses bounded memory. A backend that has no such parts
	// reports nothing.
	CheckIntegrity(ctx context.Context, records []RecordSource, report func(Finding)) error
}

// Query selects entries. Empty fields select all.
type Query struct {
	// Actor, Action, Kind, Key and Outcome must be equal. Actor is the name of the
	// actor.
	Actor   string
	Action  string
	Kind    string
	Key     string
	Outcome Outcome
	// Since and Until limit the time: at or after Since, before Until.
	Since, Until time.Time
	store.PageRequest
}

// Match reports whether q selects e, ignoring pages. It is for backends whose
// database cannot evaluate the query.
func (q Query) Match(e *Entry) bool {
	for _, field := range [][2]string{
		{q.Actor, e.Actor.Name}, {q.Action, e.Action}, {q.Kind, e.Kind}, {q.Key, e.Key}, {string(q.Outcome), string(e.Outcome)},
	} {
		if field[0] != "" && field[0] != field[1] {
			return false
		}
	}
	return (q.Since.IsZero() || !e.Time.Before(q.Since)) && (q.Until.IsZero() || e.Time.Before(q.Until))
}

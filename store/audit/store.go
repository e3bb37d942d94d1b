package audit

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Store is what [Log] asks of a backend. A backend only persists: it neither
// chains nor signs.
//
// Every method joins the transaction of its context (see [store.Transactor]),
// may be called from many goroutines, and returns the context's error, with
// nothing written, when the context has ended.
type Store interface {
	store.Transactor

	// AppendEntry adds e and replaces the head. A [store.AlreadyExistsError] on
	// "sequence" when there is an entry of that sequence.
	AppendEntry(ctx context.Context, e *Entry, head Head) error
	// Head returns the end of the chain; the zero Head when nothing was
	// appended yet.
	Head(ctx context.Context) (Head, error)
	// ListEntries returns one page of the entries that match q, newest
	// first. The key of a page is the sequence as a decimal number; an
	// After that is none is a [store.InvalidError] on "after". No match is
	// an empty list.
	ListEntries(ctx context.Context, q Query) (*store.Page[*Entry], error)
	// EachEntry calls visit for every entry in the order of the sequences,
	// as of one moment, and stops at the first error, which it returns.
	// visit must not write to the store. It keeps no more than a bounded
	// part of the entries in memory where the backend can.
	EachEntry(ctx context.Context, visit func(*Entry) error) error
}

// Query selects entries. What is empty selects all.
type Query struct {
	// Actor, Action, Kind, Key and Outcome must be equal, Actor being the
	// name of the actor.
	Actor   string
	Action  string
	Kind    string
	Key     string
	Outcome Outcome
	// Since and Until bound the time: at Since or later, before Until.
	Since, Until time.Time
	store.PageRequest
}

// Match reports whether e is selected by q, pages aside. A backend that
// cannot ask its database the same question uses it.
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

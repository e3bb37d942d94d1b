// Package audit keeps the trail of who did what, when and from where, and
// proves that nobody changed it behind the program's back: entries are chained
// by hashes and signed with the keyring. It is not a log of the program's own
// doings (that is package slog), and it holds no secret.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Trail writes and reads the audit trail. A nil Trail keeps nothing. It may be
// used from many goroutines.
type Trail struct {
	store   Store
	keyring *store.Keyring
	clock   func() time.Time
	log     *slog.Logger
}

// Options of [New].
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Logger is told of refusals and failures that could not be kept, of the
	// details of failures, and of a trail that was found changed behind the
	// program's back. Defaults to none.
	Logger *slog.Logger
}

// New returns the trail in st, signed with keyring.
func New(st Store, keyring *store.Keyring, opts *Options) *Trail {
	if opts == nil {
		opts = &Options{}
	}
	t := &Trail{store: st, keyring: keyring, clock: opts.Clock, log: opts.Logger}
	if t.clock == nil {
		t.clock = time.Now
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	return t
}

// Act runs fn, which changes records and completes the event, and keeps both
// together, or neither: fn runs in a transaction of tx, which must be of the
// same database as the trail. When fn refuses or fails, that is kept after the
// transaction was undone, also when ctx has ended, and the error is returned.
// fn may run more than once, each time with the event that was given. With a
// nil Trail fn just runs in a transaction.
//
// Inside of a transaction that the caller began, an error of fn undoes all of
// it, as that of any nested call does, and what was kept of it: see
// [Trail.ActOnce].
func (t *Trail) Act(ctx context.Context, tx store.Transactor, event Event, fn func(ctx context.Context, event *Event) error) error {
	acted := event
	err := tx.Atomically(ctx, func(ctx context.Context) error {
		acted = event // whatever an earlier run made of it
		if err := fn(ctx, &acted); err != nil {
			return err
		}
		return t.Record(ctx, acted)
	})
	if err != nil {
		t.RecordFailure(ctx, acted, err)
	}
	return err
}

// ActOnce is [Trail.Act] for an fn that writes with the last of its calls, or
// not at all, such as one call of a store. Where fn returns an error there is
// nothing to undo: inside of a transaction that the caller began, a refusal
// leaves the rest as it is, and the caller may go on. That it was refused is
// then kept with what the caller keeps.
func (t *Trail) ActOnce(ctx context.Context, tx store.Transactor, event Event, fn func(ctx context.Context, event *Event) error) error {
	acted, refused := event, error(nil)
	err := tx.Atomically(ctx, func(ctx context.Context) error {
		acted = event // whatever an earlier run made of it
		if refused = fn(ctx, &acted); refused == nil {
			return t.Record(ctx, acted)
		}
		return nil
	})
	if refused != nil {
		err = refused
	}
	if err != nil {
		t.RecordFailure(ctx, acted, err)
	}
	return err
}

// Record keeps an event that was done, in the transaction of ctx.
func (t *Trail) Record(ctx context.Context, event Event) error {
	if t == nil {
		return nil
	}
	e, err := t.entry(ctx, event, Done, "")
	if err != nil {
		return err
	}
	return t.store.Atomically(ctx, func(ctx context.Context) error {
		if e.Reason, err = t.doubt(ctx, e, event.SealedBefore); err != nil {
			return err
		}
		return t.append(ctx, e, event.Sealed)
	})
}

// List returns one page of the entries that match q, newest first.
func (t *Trail) List(ctx context.Context, q Query) (*store.List[*Entry], error) {
	if t == nil {
		return &store.List[*Entry]{Items: []*Entry{}}, nil
	}
	return t.store.ListEntries(ctx, q)
}

// append puts e at the end of the chain.
func (t *Trail) append(ctx context.Context, e *Entry, sealed []byte) error {
	return t.store.Atomically(ctx, func(ctx context.Context) error {
		head, err := t.store.Head(ctx)
		if err != nil {
			return err
		}
		if head.Sequence != 0 {
			err = head.verify(t.keyring)
		}
		if err == nil {
			_, err = t.link(ctx, head, e, sealed)
		}
		if !errors.Is(err, store.ErrForged) && !errors.Is(err, store.ErrExists) {
			return err
		}
		head, err = t.keepBreak(ctx, head, err)
		if err == nil {
			_, err = t.link(ctx, head, e, sealed)
		}
		return err
	})
}

// link chains e to the entry of head, and returns the new head.
func (t *Trail) link(ctx context.Context, head Head, e *Entry, sealed []byte) (Head, error) {
	linked := e.Clone()
	linked.Sequence = head.Sequence + 1
	linked.seal(t.keyring, head.Hash, sealed)
	next := Head{Sequence: linked.Sequence, Hash: linked.Hash}
	next.sign(t.keyring)
	return next, t.store.AppendEntry(ctx, linked, next)
}

// breakKind is the kind of the entries of [Trail.keepBreak].
const breakKind = "audit trail"

// keepBreak keeps, for good, that the head was found forged or that there are
// entries that it does not know of, and returns the head to go on from: to
// sign a new head without a word would wash the trail clean, and to refuse
// would let whoever broke it stop all changes.
func (t *Trail) keepBreak(ctx context.Context, head Head, found error) (Head, error) {
	reason := "head_forged"
	switch {
	case head.Sequence == 0:
		reason = "head_missing"
	case errors.Is(found, store.ErrExists):
		reason = "entry_added"
	}
	t.log.ErrorContext(ctx, "the audit trail was changed behind the program's back; verify it", "reason", reason)
	newest, err := t.store.ListEntries(ctx, Query{Page: store.Page{Limit: 1}})
	if err != nil {
		return Head{}, err
	}
	head = Head{}
	if len(newest.Items) > 0 {
		head = Head{Sequence: newest.Items[0].Sequence, Hash: newest.Items[0].Hash}
	}
	e, err := t.entry(ctx, Event{Action: "break", Kind: breakKind}, Failed, reason)
	if err != nil {
		return Head{}, err
	}
	return t.link(ctx, head, e, nil)
}

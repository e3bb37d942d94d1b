// Package audit keeps an audit log of operations: the actor, the time and the
// origin. It detects modifications outside the program: entries are chained by
// hashes and signed with the keyring. Diagnostic messages belong in package log/slog.
// The audit log contains no secrets.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Log writes and reads the audit log. A nil Log records nothing. It is safe for
// concurrent use.
type Log struct {
	store   Store
	keyring *store.Keyring
	clock   func() time.Time
	logger  *slog.Logger
}

// Options of [New].
type Options struct {
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Logger logs denials and failures that could not be recorded, the details of
	// failures, and modifications of the audit log outside the program. Defaults to
	// no logging.
	Logger *slog.Logger
}

// New returns the audit log in st, signed with keyring.
func New(st Store, keyring *store.Keyring, opts *Options) *Log {
	if opts == nil {
		opts = &Options{}
	}
	l := &Log{store: st, keyring: keyring, clock: opts.Clock, logger: opts.Logger}
	if l.clock == nil {
		l.clock = time.Now
	}
	if l.logger == nil {
		l.logger = slog.New(slog.DiscardHandler)
	}
	return l
}

// Record records an event that succeeded, in the transaction of ctx.
func (l *Log) Record(ctx context.Context, event Event) error {
	if l == nil {
		return nil
	}
	e, err := l.newEntry(ctx, event, Succeeded, "")
	if err != nil {
		return err
	}
	return l.store.RunInTx(ctx, func(ctx context.Context) error {
		if e.Reason, err = l.tamperCode(ctx, e, event.PriorState); err != nil {
			return err
		}
		return l.append(ctx, e, event.State)
	})
}

// List returns one page of the entries that match q, newest first.
func (l *Log) List(ctx context.Context, q Query) (*store.Page[*Entry], error) {
	if l == nil {
		return &store.Page[*Entry]{Items: []*Entry{}}, nil
	}
	return l.store.ListEntries(ctx, q)
}

// append appends e to the chain.
func (l *Log) append(ctx context.Context, e *Entry, state []byte) error {
	return l.store.RunInTx(ctx, func(ctx context.Context) error {
		head, err := l.store.Head(ctx)
		if err != nil {
			return err
		}
		if head.Sequence != 0 {
			err = head.verify(l.keyring)
		}
		if err == nil {
			_, err = l.chain(ctx, head, e, state)
		}
		if !errors.Is(err, store.ErrBadSignature) && !errors.Is(err, store.ErrAlreadyExists) {
			return err
		}
		head, err = l.recordTampering(ctx, head, err)
		if err == nil {
			_, err = l.chain(ctx, head, e, state)
		}
		return err
	})
}

// chain chains e to the entry of head, and returns the new head.
func (l *Log) chain(ctx context.Context, head Head, e *Entry, state []byte) (Head, error) {
	chained := e.Clone()
	chained.Sequence = head.Sequence + 1
	chained.sign(l.keyring, head.Hash, state)
	next := Head{Sequence: chained.Sequence, Hash: chained.Hash}
	next.sign(l.keyring)
	return next, l.store.AppendEntry(ctx, chained, next)
}

// tamperKind is the kind of the entries of [Log.recordTampering].
const tamperKind = "audit log"

// recordTampering records permanently that the head was forged or that it does not
// know some entries. It returns the head for the next entry. Signing a new head
// silently would hide the modification, and failing would let an attacker block all
// changes.
func (l *Log) recordTampering(ctx context.Context, head Head, cause error) (Head, error) {
	reason := "head_forged"
	switch {
	case head.Sequence == 0:
		reason = "head_missing"
	case errors.Is(cause, store.ErrAlreadyExists):
		reason = "entry_added"
	}
	l.logger.ErrorContext(ctx, "the audit log was modified outside this program; verify it", "reason", reason)
	newest, err := l.store.ListEntries(ctx, Query{PageRequest: store.PageRequest{Limit: 1}})
	if err != nil {
		return Head{}, err
	}
	head = Head{}
	if len(newest.Items) > 0 {
		head = Head{Sequence: newest.Items[0].Sequence, Hash: newest.Items[0].Hash}
	}
	e, err := l.newEntry(ctx, Event{Action: "tampering", Kind: tamperKind}, Failed, reason)
	if err != nil {
		return Head{}, err
	}
	return l.chain(ctx, head, e, nil)
}

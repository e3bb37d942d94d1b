package extension

import (
	"context"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Store is the interface of [Service] to a backend. It has the extensions of one team. A
// backend only persists. It enforces no rule but uniqueness, and it returns copies that
// the caller may change.
//
// Every method joins the transaction of its context (see [store.Transactor]) and is
// safe for concurrent use. It returns the context's error, with nothing written, if the
// context has ended. Times have microsecond precision. A persistent backend encrypts
// the secrets of devices at rest.
type Store interface {
	store.Transactor

	// Team returns the name of the team; "" is the default team.
	Team() string
	// CreateExtension adds e. It returns a [store.AlreadyExistsError] on "number" if an
	// extension has the number.
	CreateExtension(ctx context.Context, e *Extension) error
	// Extension returns the extension with a number, with the secrets of its devices.
	// It returns a [store.NotFoundError] if there is none.
	Extension(ctx context.Context, number string) (*Extension, error)
	// UpdateExtension reads the extension with a number, calls change to edit it, and
	// writes it back in one transaction. No other write to the extension happens in
	// between. change may run more than once and must not change the number. If change
	// returns an error, UpdateExtension writes nothing and returns that error. It
	// returns a [store.NotFoundError] if the extension does not exist.
	UpdateExtension(ctx context.Context, number string, change func(*Extension) error) error
	// DeleteExtension deletes the extension with a number. It returns a
	// [store.NotFoundError] if there is none.
	DeleteExtension(ctx context.Context, number string) error
	// ListExtensions returns one page of the extensions that match q, with secrets.
	// Without a match the page is empty. It may return a [store.InvalidError] on
	// "after" if After is not from a page of the same order.
	ListExtensions(ctx context.Context, q Query) (*store.Page[*Extension], error)
	// EachExtension calls visit for every extension in the order of [SortNumber], from
	// one snapshot. It stops at the first error and returns it. visit must not write to
	// the store. A backend limits the memory where it can.
	EachExtension(ctx context.Context, visit func(*Extension) error) error
}

// Query selects extensions.
type Query struct {
	// Search matches a part of the number or the name, ignoring case. Empty matches
	// all.
	Search string
	// Sort is the order, by one of [SortFields]. The key is that of [SortNumber].
	Sort store.Sort
	store.PageRequest
}

// SortFields returns the fields that [Query.Sort] accepts.
func SortFields() []string { return []string{"number", "created_at", "updated_at"} }

// SortNumber returns the unique and sortable form of a number: short numbers come first,
// as 99 before 100.
func SortNumber(number string) string { return fmt.Sprintf("%02d-%s", len(number), number) }

// Match reports whether e matches q.Search. Backends use it if their database cannot.
func (q Query) Match(e *Extension) bool {
	if q.Search == "" {
		return true
	}
	needle := strings.ToLower(q.Search)
	return strings.Contains(e.Number, needle) || strings.Contains(strings.ToLower(e.Name), needle)
}

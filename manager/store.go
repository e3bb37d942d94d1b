package manager

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Store is the interface of [Service] to a backend. A backend only persists. It
// enforces no rule but uniqueness, and it returns copies that the caller may
// change.
//
// Every method joins the transaction of its context (see [store.Transactor])
// and is safe for concurrent use. It returns the context's error, with nothing
// written, if the context has ended. Times have microsecond precision. A
// persistent backend encrypts secrets at rest.
type Store interface {
	store.Transactor

	// CreateAccount adds a. It returns a [store.AlreadyExistsError] on "name"
	// if an account has the name, ignoring case ([FoldName]).
	CreateAccount(ctx context.Context, a *Account) error
	// Account returns the account with a name, ignoring case, with its secret.
	// It returns a [store.NotFoundError] if there is none.
	Account(ctx context.Context, name string) (*Account, error)
	// UpdateAccount reads the account with a name, calls change to edit it, and
	// writes it back in one transaction. No other write to the account happens
	// in between. change may run more than once and must not change the name.
	// If change returns an error, UpdateAccount writes nothing and returns that
	// error. It returns a [store.NotFoundError] if the account does not exist.
	UpdateAccount(ctx context.Context, name string, change func(*Account) error) error
	// DeleteAccount deletes the account with a name, ignoring case. It returns
	// a [store.NotFoundError] if there is none.
	DeleteAccount(ctx context.Context, name string) error
	// ListAccounts returns one page of the accounts that match q, with secrets.
	// Without a match the page is empty. It may return a [store.InvalidError]
	// on "after" if After is not from a page of the same order.
	ListAccounts(ctx context.Context, q Query) (*store.Page[*Account], error)
	// EachAccount calls visit for every account in the order of folded names,
	// from one snapshot. It stops at the first error and returns it. visit must
	// not write to the store. A backend limits the memory where it can.
	EachAccount(ctx context.Context, visit func(*Account) error) error
}

// Query selects AMI accounts.
type Query struct {
	// Search matches a part of the name, owner or note, ignoring case. Empty
	// matches all.
	Search string
	// Sort is the order, by one of [SortFields]. The key is the folded name.
	Sort store.Sort
	store.PageRequest
}

// SortFields returns the fields that [Query.Sort] accepts.
func SortFields() []string { return []string{"name", "created_at", "updated_at"} }

// FoldName returns the unique and sortable form of an account name. Names are
// ASCII, and Asterisk compares them with strcasecmp.
func FoldName(name string) string { return strings.ToLower(name) }

// Match reports whether a matches q.Search. Backends use it if their database
// cannot.
func (q Query) Match(a *Account) bool {
	if q.Search == "" {
		return true
	}
	needle := strings.ToLower(q.Search)
	for _, field := range []string{a.Name, a.Owner, a.Note} {
		if strings.Contains(strings.ToLower(field), needle) {
			return true
		}
	}
	return false
}

package manager

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Store is what [Service] asks of a backend. A backend only persists: it
// checks no rule but uniqueness, and it returns copies that the caller may
// change.
//
// Every method joins the transaction of its context (see [store.Transactor]),
// may be called from many goroutines, and returns the context's error, with
// nothing written, when the context has ended. Times are kept to the
// microsecond, and secrets are sealed at rest when the backend outlives the
// process.
type Store interface {
	store.Transactor

	// CreateAccount adds u. A [store.AlreadyExistsError] on "name" when there is a
	// user of that name in any case ([FoldName]).
	CreateAccount(ctx context.Context, u *Account) error
	// Account returns the user of that name, in any case, with the secret. A
	// [store.NotFoundError] when there is none.
	Account(ctx context.Context, name string) (*Account, error)
	// UpdateAccount reads the user of that name, has change edit it, and writes
	// it back, all in one transaction: no other write to this user comes
	// between. change may run more than once and must not change the name.
	// When change returns an error nothing is written, and that very error
	// is returned. A [store.NotFoundError] when there is no such user.
	UpdateAccount(ctx context.Context, name string, change func(*Account) error) error
	// DeleteAccount removes the user of that name, in any case. A
	// [store.NotFoundError] when there is none.
	DeleteAccount(ctx context.Context, name string) error
	// ListAccounts returns one page of the users that match q, with secrets. No
	// match is an empty list. An After that is not from a page of the same
	// order may be a [store.InvalidError] on "after".
	ListAccounts(ctx context.Context, q Query) (*store.Page[*Account], error)
	// EachAccount calls visit for every user in the order of their folded
	// names, as of one moment, and stops at the first error, which it
	// returns. visit must not write to the store. It keeps no more than a
	// bounded part of the users in memory where the backend can.
	EachAccount(ctx context.Context, visit func(*Account) error) error
}

// Query selects AMI accounts.
type Query struct {
	// Search keeps the accounts whose name, owner or note contains this
	// text, without regard to case. Empty keeps all.
	Search string
	// Sort is by one of [SortFields]; the key is the folded name.
	Sort store.Sort
	store.PageRequest
}

// SortFields are the fields that [Query.Sort] may name.
func SortFields() []string { return []string{"name", "created_at", "updated_at"} }

// FoldName returns the form of an account's name that is unique and sorted
// by: names are ASCII, and Asterisk compares them with strcasecmp.
func FoldName(name string) string { return strings.ToLower(name) }

// Match reports whether u is selected by q.Search. A backend that cannot
// ask its database the same question uses it.
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

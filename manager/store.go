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

	// CreateUser adds u. A [store.ExistsError] on "name" when there is a
	// user of that name in any case ([FoldName]).
	CreateUser(ctx context.Context, u *User) error
	// User returns the user of that name, in any case, with the secret. A
	// [store.NotFoundError] when there is none.
	User(ctx context.Context, name string) (*User, error)
	// UpdateUser reads the user of that name, has change edit it, and writes
	// it back, all in one transaction: no other write to this user comes
	// between. change may run more than once and must not change the name.
	// When change returns an error nothing is written, and that very error
	// is returned. A [store.NotFoundError] when there is no such user.
	UpdateUser(ctx context.Context, name string, change func(*User) error) error
	// DeleteUser removes the user of that name, in any case. A
	// [store.NotFoundError] when there is none.
	DeleteUser(ctx context.Context, name string) error
	// ListUsers returns one page of the users that match q, with secrets. No
	// match is an empty list. An After that is not from a page of the same
	// order may be a [store.InvalidError] on "after".
	ListUsers(ctx context.Context, q Query) (*store.List[*User], error)
	// EachUser calls visit for every user in the order of their folded
	// names, as of one moment, and stops at the first error, which it
	// returns. visit must not write to the store. It keeps no more than a
	// bounded part of the users in memory where the backend can.
	EachUser(ctx context.Context, visit func(*User) error) error
}

// Query selects AMI accounts.
type Query struct {
	// Search keeps the accounts whose name, owner or note contains this
	// text, without regard to case. Empty keeps all.
	Search string
	// Order is by one of [OrderFields]; the key is the folded name.
	Order store.Order
	store.Page
}

// OrderFields are the fields that [Query.Order] may name.
func OrderFields() []string { return []string{"name", "created_at", "updated_at"} }

// FoldName returns the form of an account's name that is unique and sorted
// by: names are ASCII, and Asterisk compares them with strcasecmp.
func FoldName(name string) string { return strings.ToLower(name) }

// Matches reports whether u is selected by q.Search. A backend that cannot
// ask its database the same question uses it.
func (q Query) Matches(u *User) bool {
	if q.Search == "" {
		return true
	}
	want := strings.ToLower(q.Search)
	for _, field := range []string{u.Name, u.Owner, u.Note} {
		if strings.Contains(strings.ToLower(field), want) {
			return true
		}
	}
	return false
}

package ampusers

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
)

// Store persists administrators for a [Service]. The only rule that a backend checks
// is uniqueness. It returns copies that the caller may change.
//
// Every method joins the transaction of its context (see [store.Transactor]) and is
// safe for concurrent use. When the context has ended, a method writes nothing and
// returns the context's error. Times have a precision of one microsecond, and zero
// times stay zero. A backend that outlives the process encrypts the secret of a
// second factor.
type Store interface {
	store.Transactor

	// CreateAdministrator adds a. It returns a [store.AlreadyExistsError] on
	// "username" if the name is taken, ignoring case (see [FoldUsername]).
	CreateAdministrator(ctx context.Context, a *Administrator) error
	// Administrator returns the administrator with that name, ignoring case. It
	// returns a [store.NotFoundError] if there is none.
	Administrator(ctx context.Context, username string) (*Administrator, error)
	// AdministratorByInvitation returns the administrator whose invitation has this
	// hash of a token, expired or not. It returns a [store.NotFoundError] if there
	// is none.
	AdministratorByInvitation(ctx context.Context, tokenHash []byte) (*Administrator, error)
	// UpdateAdministrator reads the administrator with that name, lets change edit
	// it, and writes it back, all in one transaction. No other write can happen in
	// between. change may run more than once and must not change the name. If
	// change returns an error, UpdateAdministrator writes nothing and returns that
	// error. It returns a [store.NotFoundError] if there is no such
	// administrator.
	UpdateAdministrator(ctx context.Context, username string, change func(*Administrator) error) error
	// DeleteAdministrator removes the administrator with that name, ignoring case.
	// It returns a [store.NotFoundError] if there is none.
	DeleteAdministrator(ctx context.Context, username string) error
	// ListAdministrators returns one page of the administrators that match q. It
	// may return a [store.InvalidError] on "after" if q.After is not from a page in
	// the same order.
	ListAdministrators(ctx context.Context, q Query) (*store.Page[*Administrator], error)
	// EachAdministrator calls visit for every administrator, sorted by folded name,
	// in one snapshot. It stops at the first error and returns it. visit must not
	// write to the store. If the backend can, it holds only a bounded number of
	// administrators in memory.
	EachAdministrator(ctx context.Context, visit func(*Administrator) error) error
}

// Query selects administrators.
type Query struct {
	// Search selects administrators whose username or display name contains this
	// text, ignoring case. Empty selects all.
	Search string
	// Access selects administrators with this access. Empty selects all.
	Access AccessLevel
	// EnabledOnly leaves out disabled administrators.
	EnabledOnly bool
	// Sort is by one of [SortFields]; the key is the folded username.
	Sort store.Sort
	store.PageRequest
}

// SortFields returns the valid fields of [Query.Sort].
func SortFields() []string {
	return []string{"username", "created_at", "updated_at", "last_login_at"}
}

// FoldUsername returns the case-folded form of a username, for uniqueness and
// sorting.
func FoldUsername(name string) string { return username.Fold(name) }

// Match reports whether q selects a, ignoring order and page. It is for backends
// whose database cannot evaluate the query. Use [Query.MatchFunc] for many
// administrators.
func (q Query) Match(a *Administrator) bool { return q.MatchFunc()(a) }

// MatchFunc returns a function that works like [Query.Match] and is faster for many
// calls.
func (q Query) MatchFunc() func(a *Administrator) bool {
	username, displayName := FoldUsername(q.Search), strings.ToLower(q.Search)
	return func(a *Administrator) bool {
		switch {
		case q.Access != "" && a.Access != q.Access || q.EnabledOnly && a.Disabled:
			return false
		case q.Search == "":
			return true
		}
		return strings.Contains(FoldUsername(a.Username), username) || strings.Contains(strings.ToLower(a.DisplayName), displayName)
	}
}

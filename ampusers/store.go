package ampusers

import (
	"context"
	"strings"

	"github.com/pbxusers/pbxusers/internal/username"
	"github.com/pbxusers/pbxusers/store"
)

// Store is what [Service] asks of a backend. A backend only persists: it
// checks no rule but uniqueness, and it returns copies that the caller may
// change.
//
// Every method joins the transaction of its context (see [store.Transactor]),
// may be called from many goroutines, and returns the context's error, with
// nothing written, when the context has ended. Times are kept to the
// microsecond, zero times as zero, and the secret of a second factor is sealed
// at rest when the backend outlives the process.
type Store interface {
	store.Transactor

	// CreateAdministrator adds a. A [store.AlreadyExistsError] on "username" when
	// there is an administrator of that name in any case ([FoldUsername]).
	CreateAdministrator(ctx context.Context, a *Administrator) error
	// Administrator returns the administrator of that name, in any case. A
	// [store.NotFoundError] when there is none.
	Administrator(ctx context.Context, username string) (*Administrator, error)
	// AdministratorByInvitation returns the administrator whose invitation has
	// this hash of a token, expired or not. A [store.NotFoundError] when
	// there is none.
	AdministratorByInvitation(ctx context.Context, tokenHash []byte) (*Administrator, error)
	// UpdateAdministrator reads the administrator of that name, has change
	// edit it, and writes it back, all in one transaction: no other write to
	// this administrator comes between. change may run more than once and
	// must not change the name. When change returns an error nothing is
	// written, and that very error is returned. A [store.NotFoundError] when
	// there is no such administrator.
	UpdateAdministrator(ctx context.Context, username string, change func(*Administrator) error) error
	// DeleteAdministrator removes the administrator of that name, in any
	// case. A [store.NotFoundError] when there is none.
	DeleteAdministrator(ctx context.Context, username string) error
	// ListAdministrators returns one page of the administrators that match
	// q. No match is an empty list. An After that is not from a page of the
	// same order may be a [store.InvalidError] on "after".
	ListAdministrators(ctx context.Context, q Query) (*store.Page[*Administrator], error)
	// EachAdministrator calls visit for every administrator in the order of
	// their folded names, as of one moment, and stops at the first error,
	// which it returns. visit must not write to the store. It keeps no more
	// than a bounded part of them in memory where the backend can.
	EachAdministrator(ctx context.Context, visit func(*Administrator) error) error
}

// Query selects administrators.
type Query struct {
	// Search keeps those whose username or display name contains this text,
	// without regard to case. Empty keeps all.
	Search string
	// Access keeps those of that access; empty keeps all.
	Access AccessLevel
	// EnabledOnly leaves the disabled ones out.
	EnabledOnly bool
	// Sort is by one of [SortFields]; the key is the folded username.
	Sort store.Sort
	store.PageRequest
}

// SortFields are the fields that [Query.Sort] may name.
func SortFields() []string {
	return []string{"username", "created_at", "updated_at", "last_login_at"}
}

// FoldUsername returns the form of a username that is unique and sorted by.
func FoldUsername(name string) string { return username.Fold(name) }

// Match reports whether a is selected by q, order and page aside. A backend
// that cannot ask its database the same question uses it, or [Query.MatchFunc]
// for many.
func (q Query) Match(a *Administrator) bool { return q.MatchFunc()(a) }

// MatchFunc returns what [Query.Match] does, ready to be asked many times.
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

package apitoken

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Store is the backend of [Service]: the API tokens of one team.
//
// A backend only persists. It checks no rule but uniqueness and references, and it
// returns copies that the caller may change. Every method joins the transaction of
// its context (see [store.Transactor]) and may be called from many goroutines. When
// the context has ended, a method writes nothing and returns the context's error.
// Times are stored to the microsecond, zero times as zero. The store of the users
// deletes the tokens of a user together with the user.
type Store interface {
	store.Transactor
	// Team returns the name of the team that the handle belongs to; "" is the
	// default team.
	Team() string
	// CreateToken adds t. It returns a [store.AlreadyExistsError] on "id" if a token
	// has that ID, and a [store.NotFoundError] if there is no such user, deleted
	// or not.
	CreateToken(ctx context.Context, t *Token) error
	// Token returns the token of that ID, or a [store.NotFoundError].
	Token(ctx context.Context, id ID) (*Token, error)
	// TokenWithOwner returns the token of that ID with its owner, in one query where
	// the backend can. It returns a [store.NotFoundError] if there is no such token.
	TokenWithOwner(ctx context.Context, id ID) (*Owned, error)
	// UpdateToken reads the token of that ID, calls change with it and writes it back
	// in one transaction, without another write to the token in between. change may
	// run more than once. The ID, the user and the counters of TakeRequest stay. When
	// change returns an error, UpdateToken writes nothing and returns that error. It
	// returns a [store.NotFoundError] if there is no such token.
	UpdateToken(ctx context.Context, id ID, change func(*Token) error) error
	// TakeRequest counts one request at now and sets LastUsedAt. If the hour that
	// began with the first request has limit requests already, it counts nothing and
	// returns the time until that hour ends, above 0. The limit holds for any number
	// of servers and goroutines. An hour that begins more than an hour after now
	// comes from a wrong clock: a new hour begins. A limit of 0 counts every request.
	// It returns a [store.NotFoundError] if there is no such token.
	TakeRequest(ctx context.Context, id ID, now time.Time, limit int) (wait time.Duration, err error)
	// DeleteToken deletes a token. It returns a [store.NotFoundError] if there is no
	// such token.
	DeleteToken(ctx context.Context, id ID) error
	// ListTokens returns a page of the tokens of a user, or of all tokens if userID
	// is empty, in the order of their IDs.
	ListTokens(ctx context.Context, userID store.UserID, page store.PageRequest) (*store.Page[*Token], error)
}

// Owned is a token with its owner.
type Owned struct {
	Token *Token
	User  *userman.User
	// GroupsRevision is the revision of the groups, see [userman.Groups].
	GroupsRevision int64
}

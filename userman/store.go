package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// Store is the backend of [Service]: the users and groups of one team. A handle belongs
// to one team and never returns or changes records of another.
//
// A backend only persists. It checks no rule but uniqueness and references, and it
// returns copies that the caller may change. Every method joins the transaction of its
// context (see [store.Transactor]) and may be called from many goroutines. When the
// context has ended, a method writes nothing and returns the context's error. Times are
// stored to the microsecond, zero times as zero. A backend that outlives the process
// encrypts secrets at rest.
type Store interface {
	store.Transactor
	// Team returns the name of the team that the handle belongs to; "" is the default
	// team.
	Team() string
	Users
	Groups
	Pictures
}

// Users stores users.
type Users interface {
	// CreateUser adds u. It returns a [store.AlreadyExistsError] on "username"
	// ([FoldUsername]), "default_extension" or "external_id" (within a directory,
	// unless empty) if another user who is not deleted has the same value, and on "id"
	// if any user has it. It stores each group once under the stored name of the group,
	// and returns a [store.NotFoundError] if there is no such group.
	CreateUser(ctx context.Context, u *User) error
	// User returns the user of that ID, deleted or not, or a [store.NotFoundError].
	User(ctx context.Context, id string) (*User, error)
	// FindUser returns the user with that key who is not deleted, or a
	// [store.NotFoundError].
	FindUser(ctx context.Context, key UserLookup) (*User, error)
	// UpdateUser reads the user of that ID, deleted or not, calls change with it and
	// writes it back in one transaction, without another write to the user in between.
	// change may run more than once and must not change the ID. When change returns an
	// error, UpdateUser writes nothing and returns that error. Other errors are those
	// of CreateUser, and a [store.NotFoundError] if there is no such user.
	UpdateUser(ctx context.Context, id string, change func(*User) error) error
	// DeleteUser deletes the user of that ID permanently, with memberships, API tokens
	// and picture. It returns a [store.NotFoundError] if there is no such user.
	DeleteUser(ctx context.Context, id string) error
	// ListUsers returns one page of the users that match q, with their groups and
	// extensions. The number of its queries does not depend on the number of users. The
	// list is empty rather than nil. An After from a page of another order may be a
	// [store.InvalidError] on "after".
	ListUsers(ctx context.Context, q Query) (*store.Page[*User], error)
	// EachUser calls visit for every user, deleted ones too, in the order of their IDs,
	// as of one moment. It stops at the first error and returns it. visit must not
	// write to the store. EachUser holds a bounded part of the users in memory where
	// the backend can.
	EachUser(ctx context.Context, visit func(*User) error) error
}

// Groups stores groups.
type Groups interface {
	// CreateGroup adds g. It returns a [store.AlreadyExistsError] on "name" if there is
	// a group of that name in any case ([FoldGroupName]).
	CreateGroup(ctx context.Context, g *Group) error
	// Group returns the group of that name, in any case, or a [store.NotFoundError].
	Group(ctx context.Context, name string) (*Group, error)
	// UpdateGroup changes a group as UpdateUser changes a user. The name stays.
	UpdateGroup(ctx context.Context, name string, change func(*Group) error) error
	// DeleteGroup deletes a group. It returns a [store.NotFoundError] if there is no
	// such group, and a [store.ConflictError] if it has members, deleted users
	// included.
	DeleteGroup(ctx context.Context, name string) error
	// ListGroups returns all groups in the order of priority and folded name, without
	// the number of members, and the revision of the groups. Every write to a group of
	// the team sets a revision that was never used before.
	ListGroups(ctx context.Context) (groups []*Group, revision int64, err error)
	// GroupsRevision returns the revision of ListGroups without the groups.
	GroupsRevision(ctx context.Context) (int64, error)
	// CountMembers returns the number of members of each group, by its name, without
	// deleted users. Groups without members may be missing.
	CountMembers(ctx context.Context) (map[string]int, error)
}

// Pictures stores the pictures of users, apart from their records.
type Pictures interface {
	// Picture returns the picture of a user, or a [store.NotFoundError].
	Picture(ctx context.Context, userID string) ([]byte, error)
	// PutPicture replaces the picture of a user; nil removes it. It returns a
	// [store.NotFoundError] if there is no such user.
	PutPicture(ctx context.Context, userID string, picture []byte) error
}

// UserLookup is the key of one user. Exactly one field is set, or Directory together
// with ExternalID.
type UserLookup struct {
	// Username is in any case.
	Username         string
	DefaultExtension string
	// InvitationHash and ActivationHash are the hashes of links, expired or not.
	InvitationHash []byte
	ActivationHash []byte
	// ExternalID is unique in its Directory, which may be "".
	Directory  string
	ExternalID string
}

package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
)

// Store is the backend of [Service]: the users and groups of one team. A Store belongs
// to one team and never returns or changes records of another team.
//
// A backend only stores records. It checks uniqueness and references, but no other
// rules. It returns copies that the caller may change. Every method joins the
// transaction of its context (see [store.Transactor]) and is safe for concurrent use.
// When the context has ended, a method writes nothing and returns the context's error.
// A backend stores times with microsecond precision, and zero times as zero. A backend
// that outlives the process encrypts secrets at rest.
type Store interface {
	store.Transactor
	// Team returns the name of the team that the Store belongs to. The default team is
	// "".
	Team() string
	Users
	LoginNameStore
	Groups
	Pictures
	mailqueue.Store
}

// Users stores users.
type Users interface {
	// CreateUser adds u. It returns a [store.AlreadyExistsError] if another user, who
	// is not deleted, has the same "username" (see [FoldUsername]), "default_extension"
	// or "external_id". The external ID is unique within its directory. Several users
	// can have an empty external ID or default extension. CreateUser also returns this
	// error on "id" if any user, including a deleted one, has the same ID. It returns
	// the error with LoginName set if another user has one of the login names of u, see
	// [LoginNameStore]; the field is that of u. It stores
	// each group once, under the stored name of the group. It returns a
	// [store.NotFoundError] if a group does not exist.
	CreateUser(ctx context.Context, u *User) error
	// User returns the user with this ID, including a deleted one, or a
	// [store.NotFoundError].
	User(ctx context.Context, id store.UserID) (*User, error)
	// FindUser returns the user with this key, or a [store.NotFoundError]. It does not
	// find deleted users.
	FindUser(ctx context.Context, key UserLookup) (*User, error)
	// UpdateUser reads the user with this ID, including a deleted one. It calls change
	// with the user and writes the result back. All of this is one transaction: no
	// other write to the user happens in between. change may run more than once and
	// must not change the ID. If change returns an error, UpdateUser writes nothing and
	// returns this error. UpdateUser also returns the errors of CreateUser. It returns
	// a [store.NotFoundError] if there is no such user.
	UpdateUser(ctx context.Context, id store.UserID, change func(*User) error) error
	// DeleteUser permanently deletes the user with this ID, including memberships, API
	// tokens, picture and mails. It returns a [store.NotFoundError] if there is no such user.
	DeleteUser(ctx context.Context, id store.UserID) error
	// ListUsers returns one page of the users that match q, with their groups and
	// extensions. The number of its database queries does not depend on the number of
	// users. The list is empty rather than nil. If After comes from a page with another
	// order, ListUsers may return a [store.InvalidError] on "after".
	ListUsers(ctx context.Context, q Query) (*store.Page[*User], error)
	// EachUser calls visit for every user, including deleted ones, sorted by ID. It
	// reads a consistent snapshot. It stops at the first error and returns it. visit
	// must not write to the store. EachUser uses bounded memory if the backend can.
	EachUser(ctx context.Context, visit func(*User) error) error
	// CountByDirectory returns the number of users with an external ID in each
	// directory. It does not count deleted users. Directories without users are missing
	// from the map.
	CountByDirectory(ctx context.Context) (map[string]int, error)
}

// LoginNameStore stores the login names of users, which are unique in a team across all
// fields.
type LoginNameStore interface {
	// LoginFields returns the fields that are login names. A new team has none.
	LoginFields(ctx context.Context) (LoginFields, error)
	// SetLoginFields sets the fields that are login names. The login names of each user
	// are then those of [LoginFields.LoginNames]. It returns a
	// [store.AlreadyExistsError] with LoginName set, and changes nothing, if two users
	// have the same one.
	SetLoginFields(ctx context.Context, fields LoginFields) error
}

// Groups stores groups.
type Groups interface {
	// CreateGroup adds g. It returns a [store.AlreadyExistsError] on "name" if another
	// group has the same name, see [FoldGroupName].
	CreateGroup(ctx context.Context, g *Group) error
	// Group returns the group with this name, ignoring case, or a
	// [store.NotFoundError].
	Group(ctx context.Context, name string) (*Group, error)
	// UpdateGroup changes a group as UpdateUser changes a user. UpdateGroup keeps the
	// name, even if change edits it.
	UpdateGroup(ctx context.Context, name string, change func(*Group) error) error
	// DeleteGroup deletes a group. It returns a [store.NotFoundError] if there is no
	// such group. It returns a [store.ConflictError] if the group has members,
	// including deleted users.
	DeleteGroup(ctx context.Context, name string) error
	// ListGroups returns all groups, sorted by priority and folded name, and the
	// revision of the groups. It does not set the number of members. Every write to a
	// group of the team sets a revision that was never used before.
	ListGroups(ctx context.Context) (groups []*Group, revision int64, err error)
	// GroupsRevision returns the revision that ListGroups returns, without reading the
	// groups.
	GroupsRevision(ctx context.Context) (int64, error)
	// CountMembers returns the number of members of each group, by group name. It does
	// not count deleted users. Groups without members may be missing from the map.
	CountMembers(ctx context.Context) (map[string]int, error)
}

// Pictures stores the pictures of users, apart from their records.
type Pictures interface {
	// Picture returns the picture of a user, or a [store.NotFoundError].
	Picture(ctx context.Context, userID store.UserID) ([]byte, error)
	// PutPicture replaces the picture of a user. A nil picture removes the current one.
	// It returns a [store.NotFoundError] if there is no such user.
	PutPicture(ctx context.Context, userID store.UserID, picture []byte) error
}

// UserLookup is a key that identifies one user. It has exactly one field set, or
// Directory together with ExternalID.
type UserLookup struct {
	// Username matches ignoring case.
	Username string
	// LoginName matches a login name, see [LoginNameStore], in the form of
	// [FoldLoginName]. It matches no user while the username is the only login name.
	LoginName        string
	DefaultExtension string
	// InvitationHash and ActivationHash are the hashes of links, expired or not.
	InvitationHash []byte
	ActivationHash []byte
	// ExternalID is unique in its Directory, which may be "".
	Directory  string
	ExternalID string
}

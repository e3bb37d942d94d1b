package userman

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
)

// Store is what [Service] asks of a backend: one team's people and
// groups. A handle belongs to one team, and never shows or changes what is
// another's.
//
// A backend only persists: it checks no rule but uniqueness, and it returns
// copies that the caller may change. Every method joins the transaction of its
// context (see [store.Transactor]), may be called from many goroutines, and
// returns the context's error, with nothing written, when the context has
// ended. Times are kept to the microsecond, zero times as zero, and secrets are
// sealed at rest when the backend outlives the process.
type Store interface {
	store.Transactor
	// Team returns the name of the team that the handle belongs to; "" is the
	// default one.
	Team() string
	Users
	Groups
	Pictures
}

// Users keeps people.
type Users interface {
	// CreateUser adds u. A [store.AlreadyExistsError] on "username"
	// ([FoldUsername]), "default_extension" or "external_id" (within a
	// directory, unless empty) when another person who is not deleted has the
	// same; on "id" when anybody has. The groups of u exist, and are kept by
	// the names that they have, each once; a [store.NotFoundError] otherwise.
	CreateUser(ctx context.Context, u *User) error
	// User returns the person of that ID, deleted or not. A
	// [store.NotFoundError] when there is none.
	User(ctx context.Context, id string) (*User, error)
	// FindUser returns the one person who is not deleted and has that key. A
	// [store.NotFoundError] when there is none.
	FindUser(ctx context.Context, key UserLookup) (*User, error)
	// UpdateUser reads the person of that ID, deleted or not, has change edit
	// them, and writes them back, all in one transaction: no other write to
	// this person comes between. change may run more than once and must not
	// change the ID. When change returns an error nothing is written, and
	// that very error is returned. Refusals are those of CreateUser, and a
	// [store.NotFoundError] when there is no such user.
	UpdateUser(ctx context.Context, id string, change func(*User) error) error
	// DeleteUser removes the person of that ID for good, with memberships,
	// API tokens and picture. A [store.NotFoundError] when there is none.
	DeleteUser(ctx context.Context, id string) error
	// ListUsers returns one page of the people that match q, with their
	// groups and extensions, in a number of queries that does not depend on
	// how many they are. No match is an empty list. An After that is not from
	// a page of the same order may be a [store.InvalidError] on "after".
	ListUsers(ctx context.Context, q Query) (*store.Page[*User], error)
	// EachUser calls visit for every person, deleted ones too, in the order
	// of their IDs, as of one moment, and stops at the first error, which it
	// returns. visit must not write to the store. It keeps no more than a
	// bounded part of them in memory where the backend can.
	EachUser(ctx context.Context, visit func(*User) error) error
}

// Groups keeps groups.
type Groups interface {
	// CreateGroup adds g. A [store.AlreadyExistsError] on "name" when there is a
	// group of that name in any case ([FoldGroupName]).
	CreateGroup(ctx context.Context, g *Group) error
	// Group returns the group of that name, in any case. A
	// [store.NotFoundError] when there is none.
	Group(ctx context.Context, name string) (*Group, error)
	// UpdateGroup is to groups what UpdateUser is to people; the name stays.
	UpdateGroup(ctx context.Context, name string, change func(*Group) error) error
	// DeleteGroup removes a group without members, deleted people counted
	// too. A [store.NotFoundError] when there is none; a [store.ConflictError]
	// when somebody is still in it.
	DeleteGroup(ctx context.Context, name string) error
	// ListGroups returns all groups in the order of priority and folded name,
	// without their members counted, and the revision of them all: a number
	// that is another one after each write to any group of the team, and never
	// comes back.
	ListGroups(ctx context.Context) (groups []*Group, revision int64, err error)
	// GroupsRevision returns the revision that ListGroups returns, without the
	// groups.
	GroupsRevision(ctx context.Context) (int64, error)
	// CountMembers returns how many people who are not deleted are in each
	// group, by the group's name; groups without any may be left out.
	CountMembers(ctx context.Context) (map[string]int, error)
}

// Pictures keeps the pictures of people, beside their records, which are read
// often.
type Pictures interface {
	// Picture returns the bytes that were kept for the person of that ID. A
	// [store.NotFoundError] when there are none.
	Picture(ctx context.Context, userID string) ([]byte, error)
	// PutPicture keeps bytes for the person, in place of earlier ones; nil
	// removes them. A [store.NotFoundError] when there is no such user.
	PutPicture(ctx context.Context, userID string, picture []byte) error
}

// UserLookup finds one person. Exactly one of its fields is set, or Directory with
// ExternalID.
type UserLookup struct {
	// Username is in any case.
	Username         string
	DefaultExtension string
	// InvitationHash and ActivationHash are those of links, expired or not.
	InvitationHash []byte
	ActivationHash []byte
	// ExternalID is unique in its Directory, which may be "".
	Directory  string
	ExternalID string
}

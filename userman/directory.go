package userman

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Directory is an external source of users. Package userman/ldapdir implements it
// for LDAP.
type Directory interface {
	// Name is 1 to 64 lower-case letters, digits and dashes, such as
	// "head-office". The records of its users hold it, so it must not change.
	Name() string
	// Capabilities returns what the directory supports.
	Capabilities() Capabilities
	// Authenticate reports whether the password is that of the user with that external
	// ID. It is false for an empty password. An error means that the directory failed.
	// It ends with ctx.
	Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error)
	// Each calls visit for every user, in any order, and holds a bounded part of them
	// in memory. It returns an error of visit at once. Any other error means that users
	// may be missing from the visits.
	Each(ctx context.Context, visit func(DirectoryEntry) error) error
}

// FieldOwner is an optional interface of a [Directory]. OwnsField reports whether the
// directory keeps a field of its users, named as in JSON, such as "email".
// [Service.Update] rejects changes of these fields.
type FieldOwner interface {
	OwnsField(field string) bool
}

// Capabilities lists what a [Directory] supports.
type Capabilities struct {
	// Authenticate reports whether the directory keeps the passwords of its
	// users. Then they are verified there, and cannot be set here.
	Authenticate bool `json:"authenticate"`
	// Groups reports whether memberships follow [DirectoryEntry].Groups.
	Groups bool `json:"groups"`
	// Sync reports whether [Service.Sync] may read the directory.
	Sync bool `json:"sync"`
}

// DirectoryEntry is a user as a directory returns it.
type DirectoryEntry struct {
	// ExternalID never changes, even when the user is renamed or moved.
	ExternalID string
	// User holds the fields that the directory owns. If its Disabled is set,
	// [Service.Sync] treats the user as missing but does not delete the user. A user
	// who was disabled manually stays disabled.
	User *User
	// ManagedFields are the names, as in JSON, of the fields of User that the directory
	// owns, such as "email". Groups, permissions and "disabled" cannot be owned. The
	// username of a new user always comes from User.
	ManagedFields []string
	// Groups are the names of the user's groups in the directory. They are used if the
	// directory has the capability Groups.
	Groups []string
	// Problem explains in one sentence why the entry cannot be used. Then only
	// ExternalID may be set, and the user stays unchanged.
	Problem string
}

var directoryNamePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// ValidDirectoryName reports whether name is a valid name of a [Directory].
func ValidDirectoryName(name string) bool { return directoryNamePattern.MatchString(name) }

// validateDirectories panics if the directories contradict each other: that is an error
// in the program.
func validateDirectories(directories []Directory) {
	seen := make(map[string]bool, len(directories))
	for i, d := range directories {
		name := d.Name()
		if !ValidDirectoryName(name) || seen[name] {
			panic(fmt.Sprintf("userman: Directories[%d] needs a name of its own, of up to 64 lower-case letters, digits and dashes", i))
		}
		seen[name] = true
	}
}

// Directories returns the directories of [Options].
func (s *Service) Directories() []Directory { return slices.Clone(s.opts.Directories) }

// directory returns the directory of that name; false if there is none.
func (s *Service) directory(name string) (Directory, bool) {
	for _, d := range s.opts.Directories {
		if d.Name() == name {
			return d, true
		}
	}
	return nil, false
}

// directoryOf returns the directory of u. It is false for local users, and for users of
// a directory that is no longer in the options.
func (s *Service) directoryOf(u *User) (Directory, bool) { return s.directory(u.Directory) }

// DirectoryError means that a [Directory] could not be read completely. Its text is
// that of the directory, for administrators.
type DirectoryError struct {
	// Directory is the name of the directory, and Err its error.
	Directory string
	Err       error
}

// Error returns the name of the directory and its error.
func (e *DirectoryError) Error() string {
	return "the directory " + e.Directory + " could not be read: " + e.Err.Error()
}

// Unwrap returns the error of the directory.
func (e *DirectoryError) Unwrap() error { return e.Err }

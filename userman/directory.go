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
	// Capabilities says what it can do.
	Capabilities() Capabilities
	// Authenticate reports whether the password is that of the user with that
	// external ID. An empty password never is. An error is a failure of the
	// directory. It ends with ctx.
	Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error)
	// Each calls visit for every person, in any order, holding no more than a
	// bounded part of them. An error of visit is returned at once. Any other
	// error means that not all were seen: nothing may be concluded from who
	// was missing.
	Each(ctx context.Context, visit func(DirectoryEntry) error) error
}

// FieldOwner is what a [Directory] may be besides: it says which fields of its
// people, named as in JSON, it keeps itself, such as "email". [Service.Update]
// refuses to change those.
type FieldOwner interface {
	OwnsField(field string) bool
}

// Capabilities are what a [Directory] can do.
type Capabilities struct {
	// Authenticate reports whether the directory keeps the passwords of its
	// users. Then they are verified there, and cannot be set here.
	Authenticate bool `json:"authenticate"`
	// Groups reports whether memberships follow [DirectoryEntry].Groups.
	Groups bool `json:"groups"`
	// Sync reports whether [Service.Sync] may read the directory.
	Sync bool `json:"sync"`
}

// DirectoryEntry is a person as a directory knows them.
type DirectoryEntry struct {
	// ExternalID never changes, also when the person is renamed or moved.
	ExternalID string
	// User holds the fields that the directory owns. Disabled in it says that
	// the person is disabled there: [Service.Sync] treats them as missing, but
	// never deletes them while they are there. Whoever is disabled by hand
	// stays so, whatever the directory says.
	User *User
	// ManagedFields are the names, as in JSON, of the fields of User that the
	// directory keeps, such as "email"; others are kept here. Groups,
	// permissions and "disabled" cannot be owned. The username of somebody
	// new is taken from User in any case.
	ManagedFields []string
	// Groups are the names of the person's groups there; they count when the
	// directory has the ability Groups.
	Groups []string
	// Problem says why this entry cannot be used, in one sentence; then only
	// ExternalID may be set, or not even that. The person is left as they are.
	Problem string
}

var directoryNamePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// ValidDirectoryName reports whether a directory may be called that, see
// [Directory].
func ValidDirectoryName(name string) bool { return directoryNamePattern.MatchString(name) }

// validateDirectories panics where the directories contradict each other: that is
// a mistake in the program.
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

// directory returns the directory of that name; false when the options have
// none.
func (s *Service) directory(name string) (Directory, bool) {
	for _, d := range s.opts.Directories {
		if d.Name() == name {
			return d, true
		}
	}
	return nil, false
}

// directoryOf returns the directory that u comes from; false for people who are
// kept here, and for those of a directory that the product has no more, whose
// password nobody can tell.
func (s *Service) directoryOf(u *User) (Directory, bool) { return s.directory(u.Directory) }

// DirectoryError says that a [Directory] could not be read to its end. What is
// wrong is told in the directory's own words, for those who administer it.
type DirectoryError struct {
	// Directory is its name, and Err what it returned.
	Directory string
	Err       error
}

// Error says which directory it is, and why.
func (e *DirectoryError) Error() string {
	return "the directory " + e.Directory + " could not be read: " + e.Err.Error()
}

// Unwrap returns the directory's own error.
func (e *DirectoryError) Unwrap() error { return e.Err }

package userman

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Directory is an external source of users. Package userman/ldapdir implements it
// for LDAP.
type Directory interface {
	// Name returns the name of the directory: 1 to 64 lower-case letters, digits and
	// dashes, such as "head-office". The name must not change, because the records of
	// the users contain it.
	Name() string
	// Capabilities returns what the directory supports.
	Capabilities() Capabilities
	// Authenticate reports whether the password is correct for the user with this
	// external ID. It returns false for an empty password. It returns an error only if
	// the directory failed. It returns when ctx ends.
	Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error)
	// Each calls visit for every user, in any order. It uses bounded memory. If visit
	// returns an error, Each stops and returns this error. Any other error means that
	// Each may have missed users.
	Each(ctx context.Context, visit func(DirectoryEntry) error) error
}

// FieldOwner is an optional interface of a [Directory]. OwnsField reports whether the
// directory owns a field of its users. Fields have their JSON names, such as "email".
// [Service.Update] rejects changes of owned fields.
type FieldOwner interface {
	OwnsField(field string) bool
}

// Capabilities lists what a [Directory] supports.
type Capabilities struct {
	// Authenticate reports whether the directory manages the passwords of its users. If
	// so, the service verifies passwords in the directory and cannot set them.
	Authenticate bool `json:"authenticate"`
	// Groups reports whether [Service.Sync] sets memberships from
	// [DirectoryEntry].Groups.
	Groups bool `json:"groups"`
	// Sync reports whether [Service.Sync] may read the directory.
	Sync bool `json:"sync"`
}

// DirectoryEntry is a user as a directory returns it.
type DirectoryEntry struct {
	// ExternalID never changes, even if the user is renamed or moved in the directory.
	ExternalID string
	// User holds the fields that the directory owns. If User.Disabled is set,
	// [Service.Sync] disables the user like a missing one, but never deletes the user,
	// and ignores the other fields, Groups and Problem. A user whom an administrator
	// disabled stays disabled. In User.Username, [Service.Sync] leaves out apostrophes and
	// replaces blanks by dots: O'Neil becomes ONeil, and Jane Doe becomes Jane.Doe.
	User *User
	// ManagedFields lists the JSON names of the fields of User that the directory owns,
	// such as "email". A directory cannot own groups, permissions or "disabled". The
	// username of a new user always comes from User.
	ManagedFields []string
	// Groups are the names of the user's groups in the directory. [Service.Sync] uses
	// them if the directory has the capability Groups.
	Groups []string
	// Warnings are about values that the directory cut, left out or could not use.
	// [Service.Sync] reports them. A field whose value cannot be used is not in
	// ManagedFields, so [Service.Sync] leaves it as it is.
	Warnings []DirectoryWarning
	// Problem explains in one sentence why the entry cannot be used. [Service.Sync]
	// does not change the user of such an entry, unless User.Disabled is set.
	Problem string
}

// DirectoryWarning is about one field of a [DirectoryEntry].
type DirectoryWarning struct {
	// Field is the JSON name of the field, or "groups".
	Field string
	// Message says in one sentence, without the value, what happened.
	Message string
}

var directoryNamePattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// ValidDirectoryName reports whether name is valid for a [Directory].
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
func (s *Service) Directories() Directories { return slices.Clone(Directories(s.opts().Directories)) }

// Directories are the directories of a [Service], in the order of [Options].
type Directories []Directory

// Get returns the directory of that name. It returns an error wrapping
// [store.ErrNotFound] if there is none.
func (ds Directories) Get(name string) (Directory, error) {
	for _, d := range ds {
		if d.Name() == name {
			return d, nil
		}
	}
	return nil, &store.NotFoundError{Kind: KindDirectory}
}

// Default returns the only directory. It returns an error wrapping [store.ErrNotFound] if
// there is none, and an error wrapping [store.ErrInvalid] on "directory" if there are
// several.
func (ds Directories) Default() (Directory, error) {
	switch len(ds) {
	case 0:
		return nil, &store.NotFoundError{Kind: KindDirectory}
	case 1:
		return ds[0], nil
	}
	return nil, store.NewInvalidError(store.FieldError{Field: "directory", Code: store.CodeRequired, Message: "there are several directories; name one"})
}

// DirectoryTester is an optional interface of a [Directory]. Test connects to the
// directory and returns the number of users that it found, which may be less than all.
type DirectoryTester interface {
	Test(ctx context.Context) (users int, err error)
}

// Test tests the connection to a directory. It returns an error wrapping
// [store.ErrNotFound] if there is no directory of that name, the error of ctx, or a
// [DirectoryError] if the directory cannot be read or has no users; this error then wraps
// [ErrNoUsers]. Test returns nil for a directory that is no [DirectoryTester].
func (ds Directories) Test(ctx context.Context, name string) error {
	d, err := ds.Get(name)
	if err != nil {
		return err
	}
	tester, ok := d.(DirectoryTester)
	if !ok {
		return nil
	}
	users, err := tester.Test(ctx)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil && users == 0:
		err = ErrNoUsers
	}
	if err != nil {
		return &DirectoryError{name, err}
	}
	return nil
}

// errEnoughEntries ends a preview of a directory.
var errEnoughEntries = errors.New("enough entries")

// Preview returns up to n entries of a directory, in its order, and changes nothing. It
// returns an error wrapping [store.ErrNotFound] if there is no directory of that name,
// the error of ctx, or a [DirectoryError].
func (ds Directories) Preview(ctx context.Context, name string, n int) ([]DirectoryEntry, error) {
	d, err := ds.Get(name)
	if err != nil {
		return nil, err
	}
	entries := []DirectoryEntry{}
	err = d.Each(ctx, func(e DirectoryEntry) error {
		if entries = append(entries, e); len(entries) >= n {
			return errEnoughEntries
		}
		return nil
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil && !errors.Is(err, errEnoughEntries):
		return nil, &DirectoryError{name, err}
	}
	return entries, nil
}

// ErrNoUsers means that a directory was read, but contains no users.
var ErrNoUsers = errors.New("the directory contains no users")

// CountByDirectory returns the number of users in each directory, without deleted users.
// Directories without users are missing from the map. It returns an error wrapping
// [store.ErrForbidden] for a service with a limited scope, see [Service.Scoped].
func (s *Service) CountByDirectory(ctx context.Context) (map[string]int, error) {
	if err := s.requireUnscoped(ctx); err != nil {
		return nil, err
	}
	return s.store.CountByDirectory(ctx)
}

// directoryOf returns the directory of u. It is false for local users, and for users of
// a directory that is no longer in the options.
func (s *Service) directoryOf(u *User) (Directory, bool) {
	d, err := Directories(s.opts().Directories).Get(u.Directory)
	return d, err == nil
}

// DirectoryError means that a [Directory] could not be read completely. It contains the
// error text of the directory, for administrators.
type DirectoryError struct {
	// Directory is the name of the directory. Err is the error of the directory.
	Directory string
	Err       error
}

// Error returns the name of the directory and its error.
func (e *DirectoryError) Error() string {
	return "the directory " + e.Directory + " could not be read: " + e.Err.Error()
}

// Unwrap returns the error of the directory.
func (e *DirectoryError) Unwrap() error { return e.Err }

package app

import (
	"errors"
	"io/fs"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// hintedError is an error and the way out of it, a sentence of its own.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// WithHint gives err the way out that [Hint] returns for it.
func WithHint(err error, hint string) error { return &hintedError{err, hint} }

// Hint is one sentence: what a person can do about err, in a shell; empty
// when err says it, or nothing is known.
func Hint(err error) string {
	var hinted *hintedError
	var applied *asteriskconf.ApplyError
	switch {
	case errors.As(err, &hinted):
		return hinted.hint
	case errors.As(err, new(*userman.DirectoryError)):
		return directoryHint
	case errors.As(err, &applied) && applied.RollbackErr != nil:
		return "Run 'pbxctl config recover' once Asterisk runs: it ends what is left to do."
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return "Run 'pbxctl config install'."
	case errors.As(err, new(*asteriskconf.ForeignDatabaseError)):
		return "Name that database with --db, or take the folder over with --adopt."
	case errors.Is(err, ami.ErrAuthentication):
		return "Run 'pbxctl config install' on the host of Asterisk: it mends the account and the file of its secret."
	case errors.Is(err, ami.ErrUnreachable):
		return "Start Asterisk, or say with --ami where AMI listens; with --ami none the files are written and not verified."
	case errors.Is(err, fs.ErrPermission), isReadOnlyDB(err):
		return "Run it as root, or as the user that these files, and their folder, belong to."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the paths: --conf-dir, --db, --key-file and --ami-secret-file."
	}
	return storeErrorHint(err)
}

// isReadOnlyDB reports whether SQLite may not write the database, or the folder
// that its journal is in.
func isReadOnlyDB(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	code := failed.Code() & 0xff // without the details
	return code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN
}

// storeErrorHint depends on what kind of record was asked for.
func storeErrorHint(err error) string {
	var notFound *store.NotFoundError
	var inUse *store.InUseError
	switch {
	case errors.As(err, &inUse) && inUse.Kind == kindAMIAccount:
		return "Apply with another one first: 'pbxctl config install --ami-user NAME', and --ami-user NAME from then on."
	case errors.As(err, &inUse) && inUse.Kind == userman.KindGroup:
		return "Run 'pbxctl group impact NAME' for who would lose what, and say --force to take everybody out of it."
	case errors.As(err, &notFound) && listCommand(notFound.Kind) != "":
		return "Run '" + listCommand(notFound.Kind) + "' for what there is."
	case errors.As(err, &notFound) && notFound.Kind == userman.KindDirectory:
		return "Name the directory as --ldap-name does, and its servers with --ldap-url."
	}
	return ""
}

// listCommand returns the command that lists the records of a kind; empty when
// there is none.
func listCommand(kind string) string {
	switch kind {
	case kindAMIAccount:
		return "pbxctl manager list"
	case kindAdministrator:
		return "pbxctl admin list"
	case userman.KindUser:
		return "pbxctl user list"
	case userman.KindDeletedUser:
		return "pbxctl user deleted"
	case userman.KindGroup:
		return "pbxctl group list"
	case userman.KindToken:
		return "pbxctl token list"
	}
	return ""
}

// What refusals call the other records.
const (
	kindAMIAccount    = "AMI account"
	kindAdministrator = "administrator"
)

package site

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
	err    error
	wayOut string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// Hint gives err the way out that [WayOut] returns for it.
func Hint(err error, wayOut string) error { return &hintedError{err, wayOut} }

// WayOut is one sentence: what a person can do about err, in a shell; empty
// when err says it, or nothing is known.
func WayOut(err error) string {
	var hinted *hintedError
	var applied *asteriskconf.ApplyError
	switch {
	case errors.As(err, &hinted):
		return hinted.wayOut
	case errors.As(err, new(*userman.DirectoryError)):
		return lookAtTheDirectory
	case errors.As(err, &applied) && applied.Undo != nil:
		return "Run 'pbxctl config recover' once Asterisk runs: it ends what is left to do."
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return "Run 'pbxctl config install'."
	case errors.As(err, new(*asteriskconf.OtherOriginError)):
		return "Name that database with --db, or take the folder over with --adopt."
	case errors.Is(err, ami.ErrAuthentication):
		return "Run 'pbxctl config install' on the host of Asterisk: it mends the account and the file of its secret."
	case errors.Is(err, ami.ErrUnreachable):
		return "Start Asterisk, or say with --ami where AMI listens; with --ami none the files are written and not verified."
	case errors.Is(err, fs.ErrPermission), unwritable(err):
		return "Run it as root, or as the user that these files, and their folder, belong to."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the paths: --conf-dir, --db, --key-file and --ami-secret-file."
	}
	return wayOutOfRefusal(err)
}

// unwritable reports whether SQLite may not write the database, or the folder
// that its journal is in.
func unwritable(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	code := failed.Code() & 0xff // without the details
	return code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN
}

// wayOutOfRefusal depends on what kind of record was asked for.
func wayOutOfRefusal(err error) string {
	var notFound *store.NotFoundError
	var inUse *store.InUseError
	switch {
	case errors.As(err, &inUse) && inUse.Kind == kindManager:
		return "Apply with another one first: 'pbxctl config install --ami-user NAME', and --ami-user NAME from then on."
	case errors.As(err, &inUse) && inUse.Kind == userman.GroupRecord:
		return "Run 'pbxctl group impact NAME' for who would lose what, and say --force to take everybody out of it."
	case errors.As(err, &notFound) && listing(notFound.Kind) != "":
		return "Run '" + listing(notFound.Kind) + "' for what there is."
	case errors.As(err, &notFound) && notFound.Kind == userman.DirectoryRecord:
		return "Name the directory as --ldap-name does, and its servers with --ldap-url."
	}
	return ""
}

// listing returns the command that lists the records of a kind; empty when
// there is none.
func listing(kind string) string {
	switch kind {
	case kindManager:
		return "pbxctl manager list"
	case kindAdministrator:
		return "pbxctl admin list"
	case userman.PersonRecord:
		return "pbxctl user list"
	case userman.DeletedPersonRecord:
		return "pbxctl user deleted"
	case userman.GroupRecord:
		return "pbxctl group list"
	case userman.TokenRecord:
		return "pbxctl token list"
	}
	return ""
}

// What refusals call the other records.
const (
	kindManager       = "AMI account"
	kindAdministrator = "administrator"
)

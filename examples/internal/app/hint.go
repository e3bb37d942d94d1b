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
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// hintedError is an error with a hint.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// WithHint adds the hint that [Hint] returns for err.
func WithHint(err error, hint string) error { return &hintedError{err, hint} }

// Hint returns one sentence on what to do about err in a shell. It is empty if
// err itself says it, or if there is no hint.
func Hint(err error) string {
	var hinted *hintedError
	var applied *asteriskconf.ApplyError
	switch {
	case errors.As(err, &hinted):
		return hinted.hint
	case errors.As(err, new(*userman.DirectoryError)):
		return directoryHint
	case errors.As(err, &applied) && applied.RollbackErr != nil:
		return "Run 'pbxctl config recover' once Asterisk runs."
	case errors.As(err, new(*asteriskconf.NotInstalledError)):
		return "Run 'pbxctl config install'."
	case errors.As(err, new(*asteriskconf.ForeignDatabaseError)):
		return "Name that database with --db, or take over the folder with --take-over."
	case errors.Is(err, ami.ErrAuthentication):
		return "Run 'pbxctl config install' on the Asterisk host to repair the account and its secret file."
	case errors.Is(err, ami.ErrUnreachable):
		return "Start Asterisk, or set --ami to the address of AMI; --ami none writes the files without verifying them."
	case errors.Is(err, fs.ErrPermission), isReadOnlyDB(err):
		return "Run it as root or as the owner of these files and their folder."
	case errors.Is(err, fs.ErrNotExist):
		return "Check the paths: --conf-dir, --db, --key-file and --ami-secret-file."
	}
	return storeErrorHint(err)
}

// isReadOnlyDB reports whether SQLite cannot write the database or its folder.
func isReadOnlyDB(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	code := failed.Code() & 0xff // without the details
	return code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_CANTOPEN
}

// storeErrorHint returns the hint for an error about a record.
func storeErrorHint(err error) string {
	var notFound *store.NotFoundError
	var inUse *store.InUseError
	switch {
	case errors.As(err, &inUse) && inUse.Kind == KindAMIAccount:
		return "Switch to another account first: run 'pbxctl config install --ami-user NAME', and use --ami-user NAME from then on."
	case errors.As(err, &inUse) && inUse.Kind == userman.KindGroup:
		return "Run 'pbxctl group impact NAME' to see what its members would lose, and use --force to remove them first."
	case errors.As(err, &notFound) && listCommand(notFound.Kind) != "":
		return "Run '" + listCommand(notFound.Kind) + "' to list them."
	case errors.As(err, &notFound) && notFound.Kind == userman.KindDirectory:
		return "Use the name of --ldap-name, and set the servers with --ldap-url."
	}
	return ""
}

// listCommand returns the command that lists the records of a kind, or "".
func listCommand(kind string) string {
	switch kind {
	case KindAMIAccount:
		return "pbxctl ami-account list"
	case KindAdministrator:
		return "pbxctl admin list"
	case userman.KindUser:
		return "pbxctl user list"
	case userman.KindDeletedUser:
		return "pbxctl user list --deleted"
	case userman.KindGroup:
		return "pbxctl group list"
	case apitoken.Kind:
		return "pbxctl token list"
	}
	return ""
}

// Kinds of records in errors and in the audit log, beside those of package
// userman.
const (
	KindAMIAccount    = "AMI account"
	KindAdministrator = "administrator"
)

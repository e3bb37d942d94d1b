package app

import (
	"errors"
	"io/fs"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/manager/ami"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
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
	var kept *sqlstore.OldKeysKeptError
	switch {
	case errors.As(err, &hinted):
		return hinted.hint
	case errors.As(err, &kept) && kept.Findings > 0:
		return "Run 'pbxctl audit verify' to see the findings."
	case kept != nil:
		return "All keys are still in the key file. Run 'pbxctl key rotate' again to finish."
	case errors.As(err, new(*asterisk.SecretFileError)):
		return "Run 'pbxctl config install' on the Asterisk host, set --ami-secret-file, or use --ami none."
	case errors.As(err, new(*asterisk.ConsoleError)):
		return "Run 'pbxctl config install' again on the Asterisk host while Asterisk runs; --asterisk sets the command."
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
	case errors.As(err, &inUse) && inUse.Kind == kindAMIAccount:
		return "Switch to another account first: run 'pbxctl config install --ami-user NAME', and use --ami-user NAME from then on."
	case errors.As(err, &inUse) && inUse.Kind == userman.KindGroup:
		return "Run 'pbxctl group impact NAME' to see how the permissions of its members would change, and use --force to remove them first."
	case errors.As(err, &notFound):
		return notFoundHints[notFound.Kind]
	}
	return ""
}

// notFoundHints are the hints for a missing record, by its kind.
var notFoundHints = map[string]string{
	kindAMIAccount:          "Run 'pbxctl ami-account list' to list them.",
	"administrator":         "Run 'pbxctl admin list' to list them.",
	userman.KindUser:        "Run 'pbxctl user list' to list them.",
	userman.KindDeletedUser: "Run 'pbxctl user list --deleted' to list them.",
	userman.KindGroup:       "Run 'pbxctl group list' to list them.",
	apitoken.Kind:           "Run 'pbxctl token list' to list them.",
	KindSetting:             "Run 'pbxctl settings list' to list them.",
	userman.KindEntry:       "Run 'pbxctl user sync --dry-run' to see the external IDs of new entries.",
	userman.KindDirectory:   "Use the name of --ldap-name, and set the servers with --ldap-url.",
}

// kindAMIAccount is the kind of AMI accounts in errors.
const kindAMIAccount = "AMI account"

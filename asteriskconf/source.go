package asteriskconf

import (
	"context"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// File describes one whole file that this module owns.
type File struct {
	// Name is the file's name, such as "pbxusers_manager.conf". Where in the
	// configuration folder it stands is what [ConfigDir.Install] decides.
	Name string
	// Parent is the file that Asterisk reads on its own, and that includes
	// this one, such as "manager.conf".
	Parent string
	// Module is what has to be reloaded when the file changes, such as
	// "manager" or "res_pjsip.so".
	Module string
	// SecretKeys are the keys whose values are never shown in a plan.
	SecretKeys []string
	// UniqueSections means that no section of this file may have the name,
	// without regard to case, of a section that another file of the
	// parent's tree holds: Asterisk would merge the two.
	UniqueSections bool
	// RepeatSections allows several sections of one name in this file.
	RepeatSections bool
}

// Target is the Asterisk that a file is rendered for.
type Target struct {
	// Version of the Asterisk; zero when there is none to ask, which is to
	// be taken as the newest.
	Version Version
}

// Source renders one file and proves it live. Its methods may be called from
// several goroutines.
type Source interface {
	// File describes the file; it always returns the same.
	File() File
	// Sections returns the whole content of the file, in a fixed order: the
	// same records give the same sections.
	Sections(ctx context.Context, target Target) ([]dialect.Section, error)
	// Verify compares what the running Asterisk serves with change.After,
	// and looks closely at what change altered. A difference is a
	// [*MismatchError]; another error means that Asterisk could not be
	// asked.
	Verify(ctx context.Context, asterisk Asterisk, change *Change) error
}

// Revoker is a [Source] for which a reload is not enough: what change took
// away may still be in use. Revoke ends such uses once the change is live, and
// returns a sentence for each one that it ended or could not end.
type Revoker interface {
	Revoke(ctx context.Context, asterisk Asterisk, change *Change) ([]string, error)
}

// ChangeChecker is a [Source] that knows of changes that would do harm to a running
// Asterisk. An apply asks it before anything is written; what it returns,
// usually a store.ConflictError, refuses the apply.
type ChangeChecker interface {
	CheckChange(change *Change) error
}

// Inspector is a [Source] that knows what else in the parent's tree keeps its
// file from working.
type Inspector interface {
	Inspect(tree *dialect.Tree) []Issue
}

// MismatchError says that the running Asterisk does not serve what was
// written.
type MismatchError struct {
	// Object is the thing that differs, such as "AMI account crm".
	Object string
	// Difference is one clause without secrets, such as "read privileges are
	// call, not call,user".
	Difference string
}

func (e *MismatchError) Error() string {
	return e.Object + " is not live as written: " + e.Difference
}

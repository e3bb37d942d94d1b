package asteriskconf

import (
	"context"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// File describes one whole file that this module owns.
type File struct {
	// Name is the file name, such as "pbxusers_manager.conf".
	// [ConfigDir.Install] decides on its place in the configuration folder.
	Name string
	// Parent is the file that Asterisk reads directly and that includes this
	// one, such as "manager.conf".
	Parent string
	// Module is the module to reload after a change, such as "manager" or
	// "res_pjsip.so".
	Module string
	// RecordKind is the kind in the audit log of the records that the sections are
	// rendered from, such as "AMI account". The key of a record is the name of its
	// section. Empty if sections are not records.
	RecordKind string
	// SecretKeys are the keys whose values a plan masks.
	SecretKeys []string
	// UniqueSections means that the section names of this file, ignoring case,
	// must not occur in other files of the parent's tree. Asterisk would merge
	// the sections.
	UniqueSections bool
	// RepeatSections allows several sections with one name in this file.
	RepeatSections bool
}

// Target is the Asterisk that a file is rendered for.
type Target struct {
	// Version is the version of Asterisk. Zero means unknown; treat it as the
	// newest.
	Version Version
}

// Source renders one file and verifies that it is live. It must be safe for
// concurrent use.
type Source interface {
	// File describes the file. It always returns the same value.
	File() File
	// Sections returns the whole content of the file. It is deterministic.
	Sections(ctx context.Context, target Target) ([]dialect.Section, error)
	// Verify compares what the running Asterisk serves with change.After, and
	// examines the changed sections closely. It returns a [*MismatchError] for
	// a difference. Any other error means that Asterisk did not answer.
	Verify(ctx context.Context, asterisk Asterisk, change *Change) error
}

// Revoker is a [Source] whose revoked records can stay in use after a reload.
// Revoke ends such uses once the change is live. It returns a sentence for each
// use that it ended or could not end.
type Revoker interface {
	Revoke(ctx context.Context, asterisk Asterisk, change *Change) ([]string, error)
}

// ChangeChecker is a [Source] that detects changes that would harm a running
// Asterisk. An apply calls CheckChange before it writes anything, and fails
// with its error, usually a store.ConflictError.
type ChangeChecker interface {
	CheckChange(ctx context.Context, asterisk Asterisk, change *Change) error
}

// Describer is a [Source] that explains the changes of a plan.
type Describer interface {
	Describe(change *SectionChange) Description
}

// Description explains the change of a section. It contains no secrets.
type Description struct {
	// Dangers are what the change permits that was not possible before, the most
	// severe one first.
	Dangers []Danger
	// Summary describes the change, one clause for each setting.
	Summary []string
}

// Danger is something that a change permits and that an administrator should know
// before an apply.
type Danger struct {
	// Code is a short, stable identifier.
	Code string `json:"code"`
	// Message is one clause.
	Message string `json:"message"`
}

// Inspector is a [Source] that detects issues in the parent's tree, or in other files
// of the configuration folder dir, that prevent its file from working.
type Inspector interface {
	Inspect(ctx context.Context, in *Inspection) []Issue
}

// Inspection is the input of an [Inspector].
type Inspection struct {
	// Dir is the configuration folder.
	Dir string
	// Tree is the parent's tree, with the new content of the file.
	Tree *dialect.Tree
	// Change is the change to the file. An installation changes nothing: Before and
	// After are then the content on disk.
	Change *Change
	// Command is that of [Options].
	Command CommandFunc
}

// CommandFunc runs a console command of the running Asterisk, such as "manager show
// users", and returns the lines of its output.
type CommandFunc func(ctx context.Context, command string) ([]string, error)

// MismatchError means that the running Asterisk does not serve what was
// written.
type MismatchError struct {
	// Object is what differs, such as "AMI account crm".
	Object string
	// Difference is one clause without secrets, such as "read privileges are
	// call, not call,user".
	Difference string
}

func (e *MismatchError) Error() string {
	return e.Object + " is not live as written: " + e.Difference
}

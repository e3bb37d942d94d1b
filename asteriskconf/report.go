package asteriskconf

import (
	"fmt"
	"strings"
)

// Report is the result of an apply.
type Report struct {
	// Generation is the number of the current generation. It is the previous
	// one if nothing changed.
	Generation int `json:"generation"`
	// Changed reports whether a file was written or a module reloaded.
	Changed bool `json:"changed"`
	// Verified reports whether the running Asterisk serves the generation. It
	// is false only without Asterisk.
	Verified bool `json:"verified"`
	// Files are the results per file, in reload order.
	Files []FileReport `json:"files"`
	// Issues did not stop the apply, see [Plan].
	Issues []Issue `json:"issues,omitempty"`
}

// String returns the report as text, one line for each file and note.
func (r *Report) String() string {
	if !r.Changed {
		return nothingToApply + issuesText(r.Issues)
	}
	var b strings.Builder
	for _, f := range r.Files {
		if f.Added+f.Modified+f.Removed == 0 {
			fmt.Fprintf(&b, "%s: unchanged\n", f.Path)
		} else {
			fmt.Fprintf(&b, "%s: %d added, %d modified, %d removed\n", f.Path, f.Added, f.Modified, f.Removed)
		}
		if f.BackupPath != "" {
			fmt.Fprintf(&b, "  edited manually; backup of the edited file: %s\n", f.BackupPath)
		}
		for _, note := range f.Notes {
			fmt.Fprintf(&b, "  %s\n", note)
		}
	}
	if r.Verified {
		fmt.Fprintf(&b, "Generation %d is live.\n", r.Generation)
	} else {
		b.WriteString("Files written, but not verified: there is no Asterisk to connect to. The changes stay pending.\n")
	}
	return b.String() + issuesText(r.Issues)
}

const nothingToApply = "Nothing to apply: Asterisk serves the current records.\n"

// issuesText returns one line for each issue.
func issuesText(issues []Issue) string {
	var b strings.Builder
	for _, issue := range issues {
		fmt.Fprintf(&b, "! %s\n", issue)
	}
	return b.String()
}

// FileReport is the result of an apply for one file.
type FileReport struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Added, Modified and Removed count the sections that differ from the
	// previous file on disk.
	Added    int `json:"added"`
	Modified int `json:"modified"`
	Removed  int `json:"removed"`
	// ReloadedModule is the module reloaded for the file; empty if none.
	ReloadedModule string `json:"reloaded_module,omitempty"`
	// BackupPath is the absolute path of the backup of a manually edited file;
	// empty if there is none.
	BackupPath string `json:"backup_path,omitempty"`
	// Notes are sentences about ended uses, such as sessions of accounts with
	// fewer rights.
	Notes []string `json:"notes,omitempty"`
}

// Steps of an apply in their order, as in [ApplyError] and [Progress].
const (
	// StepConnect asks Asterisk for its version.
	StepConnect = "connect"
	// StepRender renders the files, or loads those of the earlier generation.
	StepRender = "render"
	// StepCheck parses the files with this package and with Asterisk.
	StepCheck = "check"
	// StepWrite puts the files in place.
	StepWrite = "write"
	// StepReload, StepVerify and StepRevoke run for each file in turn.
	StepReload = "reload"
	StepVerify = "verify"
	StepRevoke = "revoke"
	// StepRollback restores the previous generation after a failed step.
	StepRollback = "rollback"
	// StepRecover finishes an interrupted apply before all other steps.
	StepRecover = "recover"
)

// ApplyError is the error of a failed apply. It holds the failed step and the
// current situation.
type ApplyError struct {
	// Step is one of the Step constants.
	Step string
	// File is the current file; empty if the step concerns all files.
	File string
	// Err is the cause.
	Err error
	// Changed reports whether anything was put in place before the error. If
	// so, RollbackErr is the result of the rollback: nil means that the
	// previous files are restored and that Asterisk serves them.
	Changed     bool
	RollbackErr error
	// RevocationPending means that the new generation is live but a revoked
	// session or other use continues. The folder stays pending, and the next
	// apply tries again.
	RevocationPending bool
}

func (e *ApplyError) Error() string {
	at := e.Step
	if e.File != "" {
		at += " of " + e.File
	}
	switch {
	case e.RevocationPending:
		return fmt.Sprintf("the new configuration is live, but step %s failed: %v; apply again to finish", at, e.Err)
	case !e.Changed:
		return fmt.Sprintf("apply stopped at step %s; nothing was changed: %v", at, e.Err)
	case e.RollbackErr == nil:
		return fmt.Sprintf("apply failed at step %s and was rolled back: %v", at, e.Err)
	}
	return fmt.Sprintf("apply failed at step %s: %v; the rollback is not verified: %v", at, e.Err, e.RollbackErr)
}

// Unwrap returns the cause and the error of the rollback.
func (e *ApplyError) Unwrap() []error {
	if e.RollbackErr == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.RollbackErr}
}

// AuditReason implements [audit.Reasoner].
func (e *ApplyError) AuditReason() string {
	switch {
	case e.RevocationPending:
		return e.Step + ", revocation pending"
	case !e.Changed:
		return e.Step + ", nothing changed"
	case e.RollbackErr == nil:
		return e.Step + ", rolled back"
	}
	return e.Step + ", rollback not verified"
}

// fileReports counts the changes of each file.
func fileReports(files []*stagedFile) []FileReport {
	reports := make([]FileReport, len(files))
	for i, file := range files {
		reports[i] = FileReport{Name: file.File.Name, Path: file.Path}
		for _, change := range file.Sections {
			switch {
			case change.Before == nil:
				reports[i].Added++
			case change.After == nil:
				reports[i].Removed++
			default:
				reports[i].Modified++
			}
		}
	}
	return reports
}

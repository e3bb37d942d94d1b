package asteriskconf

import "fmt"

// Report tells what an apply did.
type Report struct {
	// Generation is the number of the generation that now stands; it is the
	// one before when nothing was to be done.
	Generation int `json:"generation"`
	// Changed says whether any file was written or any module reloaded.
	Changed bool `json:"changed"`
	// Verified says that the running Asterisk was seen to serve it. It is
	// false only where there was no Asterisk to talk to.
	Verified bool `json:"verified"`
	// Files tells of each file, in the order of reloads.
	Files []FileReport `json:"files"`
}

// FileReport tells what an apply did to one file.
type FileReport struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Added, Altered and Removed count the sections that differ from what
	// stood on disk before.
	Added    int `json:"added"`
	Modified int `json:"altered"`
	Removed  int `json:"removed"`
	// ReloadedModule is the module that was reloaded for it; empty when none.
	ReloadedModule string `json:"reloaded,omitempty"`
	// BackupPath is where the copy that a person had edited was moved, when
	// there was one; an absolute path.
	BackupPath string `json:"kept_aside,omitempty"`
	// Notes are sentences about what was ended, such as open sessions of
	// accounts that were narrowed.
	Notes []string `json:"notes,omitempty"`
}

// Steps of an apply in their order, as [ApplyError] and [Progress] name them.
const (
	// StepConnect asks Asterisk for its version.
	StepConnect = "connection"
	// StepRender renders the files, or fetches those of the earlier
	// generation.
	StepRender = "rendering"
	// StepCheck has our own reader and Asterisk's parse them.
	StepCheck = "check"
	// StepWrite puts them in place.
	StepWrite = "writing"
	// StepReload, StepVerify and StepRevoke are done for one file after the
	// other.
	StepReload = "reload"
	StepVerify = "verification"
	StepRevoke = "revocation"
	// StepRollback puts the generation before back, after a step that failed.
	StepRollback = "undoing"
	// StepRecover ends, before all others, an apply that was cut short.
	StepRecover = "recovery"
)

// ApplyError says at which step an apply failed, and how things stand now.
type ApplyError struct {
	// Step is one of the Step constants.
	Step string
	// File is the file at work; empty when it was all of them.
	File string
	// Err is the cause.
	Err error
	// Changed says whether anything had been put in place by then. When it
	// had, Undo tells of the way back: nil means that the files are those of
	// before and that Asterisk was seen to serve them.
	Changed     bool
	RollbackErr error
	// RevocationPending says that the new generation stands and is live, but that
	// something it revoked is still in use; it stays pending, and the next
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
		return fmt.Sprintf("the new configuration is live, but the %s failed: %v; apply again to end it", at, e.Err)
	case !e.Changed:
		return fmt.Sprintf("apply stopped at the %s; nothing was changed: %v", at, e.Err)
	case e.RollbackErr == nil:
		return fmt.Sprintf("apply failed at the %s and was rolled back: %v", at, e.Err)
	}
	return fmt.Sprintf("apply failed at the %s: %v; the roll back is not verified: %v", at, e.Err, e.RollbackErr)
}

// Unwrap returns the cause, and what went wrong on the way back.
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
		return e.Step + ", kept"
	case !e.Changed:
		return e.Step + ", nothing changed"
	case e.RollbackErr == nil:
		return e.Step + ", rolled back"
	}
	return e.Step + ", roll back not verified"
}

// fileReports counts what is to change.
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

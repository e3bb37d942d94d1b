package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Recovery is the result of [ConfigDir.Recover].
type Recovery struct {
	// Interrupted reports whether an interrupted apply was found.
	Interrupted bool `json:"interrupted"`
	// RolledForward reports whether the new generation was completed. Otherwise
	// the old one was restored.
	RolledForward bool `json:"rolled_forward"`
	// Verified reports whether the running Asterisk serves it.
	Verified bool `json:"verified"`
	// Reason is why the new generation was not completed although all its files
	// were in place.
	Reason string `json:"reason,omitempty"`
}

// String returns what was done, as text.
func (r *Recovery) String() string {
	switch {
	case !r.Interrupted:
		return "No apply was interrupted.\n"
	case r.RolledForward:
		return "The new generation was completed.\n"
	case r.Reason != "":
		return "Rolled back to the previous generation: " + r.Reason + "\n"
	}
	return "Rolled back to the previous generation.\n"
}

// Recover finishes an apply that a crash or a kill interrupted. Afterwards all
// files are of the old or all are of the new generation, and the running
// Asterisk serves them. Without an interrupted apply it does nothing. Apply and
// Rollback call it first.
func (d *ConfigDir) Recover(ctx context.Context) (*Recovery, error) {
	recovery, err := d.lockAndRecover(ctx)
	d.recordRecovery(ctx, recovery, err)
	return recovery, err
}

func (d *ConfigDir) lockAndRecover(ctx context.Context) (*Recovery, error) {
	unlock, err := d.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return d.recover(ctx)
}

func (d *ConfigDir) recover(ctx context.Context) (*Recovery, error) {
	j, err := d.readJournal()
	if err != nil {
		return nil, err
	}
	s, err := d.readState()
	if err != nil {
		return nil, err
	}
	if j == nil {
		return &Recovery{}, d.removeLeftovers(s)
	}
	d.log.WarnContext(ctx, "an apply was interrupted, recovering", "phase", string(j.Phase), "generation", j.Generation)
	d.reportProgress(StepRecover, "")
	files, err := d.stageJournal(s, j)
	if err != nil {
		return nil, err
	}
	recovery := &Recovery{Interrupted: true, RolledForward: j.Phase == phaseRenamed}
	if !recovery.RolledForward {
		if err := d.revert(ctx, s, j, files); err != nil {
			return nil, fmt.Errorf("the interrupted apply is not reverted yet: %w", err)
		}
		recovery.Verified = d.asterisk != nil
		return recovery, nil
	}
	target, err := d.target(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("an interrupted apply waits for Asterisk: %w", err)
	}
	s.Version = target.Version
	report, err := d.activate(ctx, s, j, files, &Report{Files: fileReports(files)})
	if applyErr := (*ApplyError)(nil); errors.As(err, &applyErr) && applyErr.RollbackErr == nil && !applyErr.RevocationPending {
		return &Recovery{Interrupted: true, Verified: true, Reason: applyErr.Err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	recovery.Verified = report.Verified
	return recovery, nil
}

// removeLeftovers removes the leftovers of an apply that was interrupted before
// it changed anything: candidates, partial state files and an unused
// generation. It ignores a broken folder, which the apply reports.
func (d *ConfigDir) removeLeftovers(s state) error {
	candidates, err := fs.Glob(os.DirFS(d.dir), candidatePath(d.statePath("*")))
	if err != nil {
		return err
	}
	for _, source := range d.sources {
		if path, err := d.locate(source.File()); err == nil {
			candidates = append(candidates, candidatePath(path))
		}
	}
	for _, candidate := range candidates {
		if err := d.disk.remove(candidate); err != nil {
			return err
		}
	}
	return d.pruneGenerations(s)
}

// stageJournal restores the staged files of the interrupted apply from the
// journal.
func (d *ConfigDir) stageJournal(s state, j *journal) ([]*stagedFile, error) {
	var files []*stagedFile
	for _, entry := range j.Files {
		source := d.sourceByName(entry.Name)
		if source == nil {
			return nil, fmt.Errorf("the interrupted apply includes %s, which this program does not manage; recover with the program that applied it", entry.Name)
		}
		if !filepath.IsLocal(entry.Path) || filepath.Base(entry.Path) != entry.Name {
			return nil, fmt.Errorf("%s is corrupt: it names a file that this program does not own", d.journalPath())
		}
		staged := &stagedFile{source: source, Change: Change{File: source.File(), Path: entry.Path}}
		if err := d.loadJournaledFile(staged, s, j, entry); err != nil {
			return nil, err
		}
		files = append(files, staged)
	}
	return files, nil
}

func (d *ConfigDir) loadJournaledFile(staged *stagedFile, s state, j *journal, entry journalFile) (err error) {
	if entry.Existed {
		if staged.prior, err = d.disk.read(d.statePath(rollbackDir, entry.Name)); err != nil {
			return err
		}
		if staged.prior == nil {
			return fmt.Errorf("the copy of %s is missing from %s; restore the file manually, remove %s and apply",
				entry.Name, d.statePath(rollbackDir), d.journalPath())
		}
	}
	if staged.next, err = d.generationContent(j.Generation, entry.Name); err != nil {
		return err
	}
	if staged.live, err = d.generationContent(s.Live, entry.Name); err != nil {
		return err
	}
	if staged.Before, err = decode(entry.Name, staged.prior); err != nil {
		return err
	}
	if staged.After, err = decode(entry.Name, staged.next); err != nil {
		return err
	}
	if staged.Live, err = staged.decodeLive(); err != nil {
		return err
	}
	if staged.Unverified, err = d.unverifiedSections(s, entry.Name); err != nil {
		return err
	}
	staged.Sections = diffSections(staged.Before, staged.After)
	return nil
}

func (d *ConfigDir) sourceByName(name string) Source {
	for _, source := range d.sources {
		if source.File().Name == name {
			return source
		}
	}
	return nil
}

// revert restores every file and makes Asterisk serve it. The journal stays
// until that is certain, so that the next recovery continues. If Asterisk
// answers but serves something else, revert returns the difference and leaves
// it to the next apply.
func (d *ConfigDir) revert(ctx context.Context, s state, j *journal, files []*stagedFile) error {
	j.Phase = phaseReverting
	if err := d.writeJournal(j); err != nil {
		return err
	}
	for _, file := range files {
		if err := d.restoreFile(ctx, file); err != nil {
			return err
		}
	}
	if err := d.removeCandidates(files); err != nil {
		return err
	}
	reloadErr := d.reloadReverted(ctx, files)
	switch {
	case reloadErr != nil && !isRejection(reloadErr):
		return reloadErr
	case reloadErr != nil || d.asterisk == nil:
		return errors.Join(reloadErr, d.markUnverified(s))
	}
	return d.closeJournal()
}

// restoreFile restores one file. It saves a backup of a file that was changed
// in between.
func (d *ConfigDir) restoreFile(ctx context.Context, file *stagedFile) error {
	current, err := d.disk.read(file.Path)
	if err != nil {
		return err
	}
	if current != nil && file.prior != nil && bytes.Equal(current, file.prior) {
		return nil
	}
	if current != nil && !bytes.Equal(current, file.next) {
		backup, err := d.saveBackup(file.File.Name, current)
		if err != nil {
			return err
		}
		d.log.WarnContext(ctx, "the file was changed during the apply, a backup is saved", "file", file.Path, "copy", backup)
	}
	if file.prior == nil {
		return d.disk.remove(file.Path)
	}
	return d.disk.replace(file.Path, file.prior, modeConf, d.ownerFor(file))
}

// ownerFor returns the owner of a file: its current owner, or the owner of its
// parent.
func (d *ConfigDir) ownerFor(file *stagedFile) owner {
	for _, path := range []string{file.Path, file.File.Parent} {
		if info, err := d.statResolved(path); err == nil {
			return ownerOf(info)
		}
	}
	return d.owner
}

// reloadReverted makes Asterisk serve the restored files.
func (d *ConfigDir) reloadReverted(ctx context.Context, files []*stagedFile) error {
	if d.asterisk == nil {
		return nil
	}
	for _, file := range files {
		if !file.needsWrite() {
			continue
		}
		if err := d.asterisk.Reload(ctx, file.File.Module); err != nil {
			return err
		}
		if err := d.verifyReverted(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// verifyReverted verifies a restored file. It reports a manually edited file as
// a difference, because it cannot verify one.
func (d *ConfigDir) verifyReverted(ctx context.Context, file *stagedFile) error {
	if file.prior != nil && isManuallyEdited(file.prior) {
		return &MismatchError{Object: file.Path, Difference: "the manually edited file is restored and cannot be verified"}
	}
	tree, err := dialect.ParseFile(d.dir, file.File.Parent, nil)
	if err != nil {
		return err
	}
	reverted := Change{
		File: file.File, Path: file.Path, Before: file.After, After: file.Before, Live: file.Live,
		OtherFileSections: otherFileSections(tree, file.Path), Sections: diffSections(file.After, file.Before),
	}
	if err := file.source.Verify(ctx, d.asterisk, &reverted); err != nil {
		return err
	}
	if revoker, ok := file.source.(Revoker); ok {
		_, err = revoker.Revoke(ctx, d.asterisk, &reverted)
	}
	return err
}

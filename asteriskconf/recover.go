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

// Recovery tells what [ConfigDir.Recover] found and did.
type Recovery struct {
	// Interrupted says that an apply had been cut short.
	Interrupted bool `json:"interrupted"`
	// RolledForward says that the new generation was completed; otherwise the old
	// one was put back.
	RolledForward bool `json:"forward"`
	// Verified says that the running Asterisk was seen to serve it.
	Verified bool `json:"verified"`
	// Reason says why the new generation was not completed although all its
	// files were in place.
	Reason string `json:"reason,omitempty"`
}

// Recover ends an apply that was cut short, by a crash or a kill: afterwards
// every file is of the old or of the new generation, whole, and the running
// Asterisk serves it. It does nothing when no apply was cut short. Apply and
// Rollback begin with it.
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
	d.log.WarnContext(ctx, "an apply was cut short, recovering", "phase", string(j.Phase), "generation", j.Generation)
	d.reportProgress(StepRecover, "")
	files, err := d.stageJournal(s, j)
	if err != nil {
		return nil, err
	}
	recovery := &Recovery{Interrupted: true, RolledForward: j.Phase == phaseRenamed}
	if !recovery.RolledForward {
		if err := d.revert(ctx, s, j, files); err != nil {
			return nil, fmt.Errorf("the apply that was cut short is not undone yet: %w", err)
		}
		recovery.Verified = d.asterisk != nil
		return recovery, nil
	}
	target, err := d.target(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("an apply was cut short and waits for Asterisk: %w", err)
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

// removeLeftovers removes what an apply left that was cut short before it changed
// anything: candidates, half-written notes and an unused generation. A folder
// that is not in order is left for the apply to complain of.
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

// stageJournal rebuilds, from what the journal saved, what the interrupted
// apply had staged.
func (d *ConfigDir) stageJournal(s state, j *journal) ([]*stagedFile, error) {
	var files []*stagedFile
	for _, entry := range j.Files {
		source := d.sourceByName(entry.Name)
		if source == nil {
			return nil, fmt.Errorf("an apply of %s was cut short, and this program does not know that file; recover with the program that applied it", entry.Name)
		}
		if !filepath.IsLocal(entry.Path) || filepath.Base(entry.Path) != entry.Name {
			return nil, fmt.Errorf("%s is damaged: it names a file that is not ours", d.journalPath())
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
		if staged.prior, err = d.disk.read(d.statePath("undo", entry.Name)); err != nil {
			return err
		}
		if staged.prior == nil {
			return fmt.Errorf("the copy of %s that the journal needs is gone from %s; put the file in order by hand, remove %s and apply",
				entry.Name, d.statePath("undo"), d.journalPath())
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

// revert puts every file back as it was before the apply, and has Asterisk
// serve that. While it cannot be sure of that, the journal stays, so that the
// next recovery goes on; an Asterisk that was asked and serves something else
// is reported and left for the next apply.
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

// restoreFile puts one file back. What a person has made of it meanwhile is set
// aside.
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
		d.log.WarnContext(ctx, "the file was changed by hand meanwhile, a copy is kept", "file", file.Path, "copy", backup)
	}
	if file.prior == nil {
		return d.disk.remove(file.Path)
	}
	return d.disk.replace(file.Path, file.prior, modeConf, d.ownerFor(file))
}

// ownerFor returns who a file of ours belongs to: whoever owns it now, or the
// file that includes it.
func (d *ConfigDir) ownerFor(file *stagedFile) owner {
	for _, path := range []string{file.Path, file.File.Parent} {
		if info, err := d.statResolved(path); err == nil {
			return ownerOf(info)
		}
	}
	return d.owner
}

// reloadReverted has Asterisk serve the restored files.
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

// verifyReverted sees a restored file live. One that a person had edited is not
// judged, and that is said.
func (d *ConfigDir) verifyReverted(ctx context.Context, file *stagedFile) error {
	if file.prior != nil && isManuallyEdited(file.prior) {
		return &MismatchError{Object: file.Path, Difference: "the copy that was edited by hand is back in its place, and is not judged"}
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

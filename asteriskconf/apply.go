package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Apply makes the records live. It renders every file, checks it with this
// package's parser and with Asterisk's, and puts all files in place under a
// journal. It then reloads the changed modules, verifies what Asterisk serves,
// and ends the sessions and other uses that the change revoked. On any
// difference it rolls back to the previous generation; see [ApplyError]. It
// first recovers from an interrupted apply.
//
// Without Asterisk it stops once the files are in place, and the report is not
// verified.
func (d *ConfigDir) Apply(ctx context.Context) (*Report, error) {
	report, err := d.apply(ctx)
	d.record(ctx, "apply", report, err)
	return report, err
}

func (d *ConfigDir) apply(ctx context.Context) (*Report, error) {
	s, unlock, err := d.beginApply(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if d.asterisk != nil {
		d.reportProgress(StepConnect, "")
	}
	target, err := d.target(ctx, s)
	if err != nil {
		return nil, &ApplyError{Step: StepConnect, Err: err}
	}
	d.reportProgress(StepRender, "")
	files, err := d.stageAll(ctx, s, target)
	if err != nil {
		return nil, &ApplyError{Step: StepRender, Err: err}
	}
	s.Version = target.Version
	return d.deploy(ctx, s, s.Newest+1, files)
}

// Rollback restores the generation before the live one, in the same steps as
// Apply. The records do not change, so the folder is pending afterwards. A
// second Rollback returns to the newer generation.
func (d *ConfigDir) Rollback(ctx context.Context) (*Report, error) {
	report, err := d.rollback(ctx)
	d.record(ctx, "rollback", report, err)
	return report, err
}

func (d *ConfigDir) rollback(ctx context.Context) (*Report, error) {
	s, unlock, err := d.beginApply(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.Previous == 0 {
		return nil, &store.ConflictError{Reason: "there is no earlier generation to roll back to"}
	}
	d.reportProgress(StepRender, "")
	files, err := d.stageGeneration(s, s.Previous)
	if err != nil {
		return nil, err
	}
	return d.deploy(ctx, s, s.Previous, files)
}

// beginApply locks the folder and recovers from an interrupted apply.
func (d *ConfigDir) beginApply(ctx context.Context) (s state, unlock func(), err error) {
	if unlock, err = d.lock(); err != nil {
		return state{}, nil, err
	}
	recovery, err := d.recover(ctx)
	if err == nil {
		d.recordRecovery(ctx, recovery, nil)
		s, err = d.readState()
	}
	if err == nil {
		err = d.checkDatabaseID(s)
	}
	if err != nil {
		unlock()
		return state{}, nil, err
	}
	return s, unlock, nil
}

// stageGeneration stages the files of a saved generation.
func (d *ConfigDir) stageGeneration(s state, number int) ([]*stagedFile, error) {
	var files []*stagedFile
	for _, source := range d.sources {
		name := source.File().Name
		content, err := d.generationContent(number, name)
		if err != nil {
			return nil, err
		}
		if content == nil {
			return nil, &store.ConflictError{Reason: "the earlier generation has no copy of " + name}
		}
		sections, err := decode(name, content)
		if err != nil {
			return nil, err
		}
		staged, err := d.stage(source, s, content, sections)
		if err != nil {
			return nil, err
		}
		files = append(files, staged)
	}
	return files, nil
}

// deploy writes the staged files to disk and makes them live.
func (d *ConfigDir) deploy(ctx context.Context, s state, generation int, files []*stagedFile) (*Report, error) {
	d.reportProgress(StepCheck, "")
	issues, err := d.checkTrees(ctx, files)
	if err != nil {
		return nil, &ApplyError{Step: StepCheck, Err: err}
	}
	if upToDate(s, files) {
		return &Report{Generation: s.Live, Verified: true, Files: fileReports(files), Issues: issues}, nil
	}
	if err := d.checkCandidates(ctx, files); err != nil {
		return nil, &ApplyError{Step: StepCheck, Err: errors.Join(err, d.removeCandidates(files))}
	}
	d.reportProgress(StepWrite, "")
	report := &Report{Generation: generation, Changed: true, Files: fileReports(files), Issues: issues}
	j, err := d.saveRecoveryData(&s, generation, files, report)
	if err != nil {
		return nil, &ApplyError{Step: StepWrite, Err: errors.Join(err, d.closeJournal(), d.removeCandidates(files))}
	}
	if err := d.renameCandidates(j, files); err != nil {
		return nil, d.failAndRevert(ctx, s, j, files, &ApplyError{Step: StepWrite, Err: err})
	}
	return d.activate(ctx, s, j, files, report)
}

// upToDate reports whether the files are on disk and verified.
func upToDate(s state, files []*stagedFile) bool {
	return s.Live != 0 && !s.Unverified && !slices.ContainsFunc(files, func(file *stagedFile) bool {
		return file.needsWrite() || !bytes.Equal(file.next, file.live)
	})
}

// saveRecoveryData saves the data for a recovery and opens the journal.
func (d *ConfigDir) saveRecoveryData(s *state, generation int, files []*stagedFile, report *Report) (*journal, error) {
	for i, file := range files {
		backup, err := d.backUpEdited(file)
		if err != nil {
			return nil, err
		}
		report.Files[i].BackupPath = backup
	}
	if generation > s.Newest {
		if err := d.saveGeneration(generation, files); err != nil {
			return nil, err
		}
		s.Newest = generation
		if err := d.writeState(*s); err != nil {
			return nil, err
		}
	}
	return d.openJournal(generation, files)
}

// backUpEdited saves a backup of a manually edited file. It returns "" if the
// file was not edited.
func (d *ConfigDir) backUpEdited(file *stagedFile) (string, error) {
	if !file.manuallyEdited() {
		return "", nil
	}
	return d.saveBackup(file.File.Name, file.prior)
}

// renameCandidates renames every candidate to its target and records the new
// phase.
func (d *ConfigDir) renameCandidates(j *journal, files []*stagedFile) error {
	for _, file := range files {
		if !file.needsWrite() {
			continue
		}
		current, err := d.disk.read(file.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(current, file.prior) || (current == nil) != (file.prior == nil) {
			return &store.ConflictError{Reason: file.Path + " was changed during the apply; a backup is saved, apply again"}
		}
		if err := d.disk.rename(candidatePath(file.Path), file.Path); err != nil {
			return err
		}
	}
	j.Phase = phaseRenamed
	return d.writeJournal(j)
}

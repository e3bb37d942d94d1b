package asteriskconf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// revertTimeout limits the revert after a failed apply whose own context has
// ended. revertTimeoutDisconnected applies if Asterisk disconnected or timed
// out. The journal records what remains to be done.
const (
	revertTimeout             = 2 * time.Minute
	revertTimeoutDisconnected = 10 * time.Second
)

// activate makes the files live once all are in place.
func (d *ConfigDir) activate(ctx context.Context, s state, j *journal, files []*stagedFile, report *Report) (*Report, error) {
	if d.asterisk == nil {
		s.DatabaseID = cmp.Or(d.databaseID, s.DatabaseID)
		s.UnverifiedGenerations = append(s.UnverifiedGenerations, j.Generation)
		return report, d.markUnverified(s)
	}
	applyErr := d.reloadAndVerify(ctx, s, files, report)
	switch {
	case applyErr != nil && applyErr.Step == StepRevoke:
		// A rollback would restore access that the change revoked.
		applyErr.Changed, applyErr.RevocationPending = true, true
		s.UnverifiedGenerations = append(s.UnverifiedGenerations, j.Generation)
		return nil, errors.Join(applyErr, d.markUnverified(s))
	case applyErr != nil:
		return nil, d.failAndRevert(ctx, s, j, files, applyErr)
	}
	if s.Live != j.Generation {
		s.Previous, s.Live = s.Live, j.Generation
	}
	s.LiveAt, s.Unverified, s.UnverifiedGenerations = d.clock().UTC(), false, nil
	s.DatabaseID = cmp.Or(d.databaseID, s.DatabaseID)
	if err := d.writeState(s); err != nil {
		return nil, err
	}
	if err := errors.Join(d.closeJournal(), d.pruneGenerations(s)); err != nil {
		return nil, err
	}
	report.Verified = true
	d.log.InfoContext(ctx, "configuration is live", "generation", j.Generation)
	return report, nil
}

// markUnverified ends an apply whose files are in place but may not be live. It
// removes the journal last: without the state, nothing would be pending.
func (d *ConfigDir) markUnverified(s state) error {
	s.Unverified = true
	if err := d.writeState(s); err != nil {
		return err
	}
	return d.closeJournal()
}

// reloadAndVerify reloads, verifies and revokes, file by file. Files that are
// unchanged and verified are live already.
func (d *ConfigDir) reloadAndVerify(ctx context.Context, s state, files []*stagedFile, report *Report) *ApplyError {
	for i, file := range files {
		if !file.needsWrite() && !s.Unverified && bytes.Equal(file.next, file.live) {
			continue
		}
		d.log.InfoContext(ctx, "reloading", "module", file.File.Module, "file", file.Path)
		d.reportProgress(StepReload, file.Path)
		if err := d.asterisk.Reload(ctx, file.File.Module); err != nil {
			return &ApplyError{Step: StepReload, File: file.Path, Err: err}
		}
		report.Files[i].ReloadedModule = file.File.Module
		d.reportProgress(StepVerify, file.Path)
		if err := d.verify(ctx, s, file); err != nil {
			return &ApplyError{Step: StepVerify, File: file.Path, Err: err}
		}
		revoker, ok := file.source.(Revoker)
		if !ok {
			continue
		}
		d.reportProgress(StepRevoke, file.Path)
		notes, err := revoker.Revoke(ctx, d.asterisk, &file.Change)
		if err != nil {
			return &ApplyError{Step: StepRevoke, File: file.Path, Err: err}
		}
		report.Files[i].Notes = notes
	}
	return nil
}

// verify checks that the file on disk is still the one just written, that the
// parent still includes it unchanged, and that Asterisk serves it. It checks
// every section of a file that was written without Asterisk, because none was
// seen live.
func (d *ConfigDir) verify(ctx context.Context, s state, file *stagedFile) error {
	onDisk, err := d.disk.read(file.Path)
	if err != nil {
		return err
	}
	if !bytes.Equal(onDisk, file.next) {
		return &MismatchError{Object: file.Path, Difference: "the file was changed during the apply; a backup is saved"}
	}
	tree, err := dialect.ParseFile(d.dir, file.File.Parent, nil)
	if err != nil {
		return err
	}
	if err := checkTree(tree, file); err != nil {
		return &MismatchError{Object: file.Path, Difference: "the configuration was changed during the apply: " + err.Error()}
	}
	change := file.Change
	change.OtherFileSections = otherFileSections(tree, file.Path)
	if s.Unverified || s.Live == 0 || !file.needsWrite() {
		change.Sections = diffSections(nil, change.After)
	}
	return file.source.Verify(ctx, d.asterisk, &change)
}

// failAndRevert reverts after a failure and adds the result to the error. The
// end of ctx does not interrupt the revert.
func (d *ConfigDir) failAndRevert(ctx context.Context, s state, j *journal, files []*stagedFile, applyErr *ApplyError) error {
	d.log.WarnContext(ctx, "apply failed, rolling back", "step", applyErr.Step, "file", applyErr.File, "error", applyErr.Err)
	d.reportProgress(StepRollback, "")
	timeout := revertTimeout
	if !isRejection(applyErr.Err) && !errors.Is(ctx.Err(), context.Canceled) {
		timeout = revertTimeoutDisconnected
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	applyErr.Changed = slices.ContainsFunc(files, (*stagedFile).needsWrite)
	applyErr.RollbackErr = d.revert(ctx, s, j, files)
	return applyErr
}

// isRejection reports whether Asterisk answered with a rejection or a
// difference, as opposed to no answer.
func isRejection(err error) bool {
	return errors.As(err, new(*MismatchError)) || errors.As(err, new(*RejectedError))
}

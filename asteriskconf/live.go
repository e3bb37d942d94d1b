package asteriskconf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"
)

// undoTimeout bounds the way back of an apply whose own context has ended.
// It is shorter when Asterisk was lost, or did not answer in time: the journal
// keeps what is left to do.
const (
	undoTimeout     = 2 * time.Minute
	undoTimeoutLost = 10 * time.Second
)

// finish takes files that are all in place the rest of the way.
func (f *Folder) finish(ctx context.Context, s state, j *journal, files []*stagedFile, report *Report) (*Report, error) {
	if f.asterisk == nil {
		s.Origin = cmp.Or(f.origin, s.Origin)
		s.Unseen = append(s.Unseen, j.Generation)
		return report, f.leaveUnverified(s)
	}
	failure := f.bringLive(ctx, s, files, report)
	switch {
	case failure != nil && failure.Step == StepRevoke:
		// To go back would let in again whom the change shut out.
		failure.Changed, failure.Kept = true, true
		s.Unseen = append(s.Unseen, j.Generation)
		return nil, errors.Join(failure, f.leaveUnverified(s))
	case failure != nil:
		return nil, f.abandon(ctx, s, j, files, failure)
	}
	if s.Live != j.Generation {
		s.Previous, s.Live = s.Live, j.Generation
	}
	s.LiveAt, s.Unverified, s.Unseen = f.clock().UTC(), false, nil
	s.Origin = cmp.Or(f.origin, s.Origin)
	if err := f.writeState(s); err != nil {
		return nil, err
	}
	if err := errors.Join(f.closeJournal(), f.pruneGenerations(s)); err != nil {
		return nil, err
	}
	report.Verified = true
	f.log.InfoContext(ctx, "configuration is live", "generation", j.Generation)
	return report, nil
}

// leaveUnverified ends an apply whose files are in place, and of which it is
// not known whether Asterisk serves them. The journal goes last: without the
// note nothing would be pending.
func (f *Folder) leaveUnverified(s state) error {
	s.Unverified = true
	if err := f.writeState(s); err != nil {
		return err
	}
	return f.closeJournal()
}

// bringLive reloads, verifies and revokes, file by file. Files that were
// neither changed now nor left unverified are live already.
func (f *Folder) bringLive(ctx context.Context, s state, files []*stagedFile, report *Report) *ApplyError {
	for i, file := range files {
		if !file.written() && !s.Unverified && bytes.Equal(file.next, file.live) {
			continue
		}
		f.log.InfoContext(ctx, "reloading", "module", file.File.Module, "file", file.Path)
		f.at(StepReload, file.Path)
		if err := f.asterisk.Reload(ctx, file.File.Module); err != nil {
			return &ApplyError{Step: StepReload, File: file.Path, Err: err}
		}
		report.Files[i].Reloaded = file.File.Module
		f.at(StepVerify, file.Path)
		if err := f.verify(ctx, s, file); err != nil {
			return &ApplyError{Step: StepVerify, File: file.Path, Err: err}
		}
		revoker, ok := file.source.(Revoker)
		if !ok {
			continue
		}
		f.at(StepRevoke, file.Path)
		notes, err := revoker.Revoke(ctx, f.asterisk, &file.Change)
		if err != nil {
			return &ApplyError{Step: StepRevoke, File: file.Path, Err: err}
		}
		report.Files[i].Notes = notes
	}
	return nil
}

// verify asks whether the file that Asterisk has just read is still the one
// that was put there, whether the parent still brings it in as it is, and
// whether Asterisk serves it. Of a file that was put in place without an
// Asterisk, nothing has been seen live yet: every section is looked at.
func (f *Folder) verify(ctx context.Context, s state, file *stagedFile) error {
	onDisk, err := f.disk.read(file.Path)
	if err != nil {
		return err
	}
	if !bytes.Equal(onDisk, file.next) {
		return &MismatchError{What: file.Path, Difference: "somebody changed the file while it was applied; a copy is kept"}
	}
	tree, err := ParseFile(f.dir, file.File.Parent, nil)
	if err != nil {
		return err
	}
	if err := refuseTree(tree, file); err != nil {
		return &MismatchError{What: file.Path, Difference: "somebody changed the configuration while it was applied: " + err.Error()}
	}
	change := file.Change
	change.Others = otherSections(tree, file.Path)
	if s.Unverified || s.Live == 0 || !file.written() {
		change.Sections = diffSections(nil, change.After)
	}
	return file.source.Verify(ctx, f.asterisk, &change)
}

// abandon goes back after a failure and completes the error with how that
// went. The way back is not cut short by the end of ctx.
func (f *Folder) abandon(ctx context.Context, s state, j *journal, files []*stagedFile, failure *ApplyError) error {
	f.log.WarnContext(ctx, "apply failed, going back", "step", failure.Step, "file", failure.File, "error", failure.Err)
	f.at(StepUndo, "")
	limit := undoTimeout
	if !answered(failure.Err) && !errors.Is(ctx.Err(), context.Canceled) {
		limit = undoTimeoutLost
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	failure.Changed = slices.ContainsFunc(files, (*stagedFile).written)
	failure.Undo = f.undo(ctx, s, j, files)
	return failure
}

// answered reports whether Asterisk said no, as opposed to nothing.
func answered(err error) bool {
	return errors.As(err, new(*MismatchError)) || errors.As(err, new(*RejectedError))
}

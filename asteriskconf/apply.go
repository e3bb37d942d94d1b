package asteriskconf

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// mtimeStep is added to the modification time of a file that would otherwise
// look unchanged to Asterisk, on file systems that keep whole seconds.
const mtimeStep = time.Second

// keptFormat stamps the copies that are set aside.
const keptFormat = "20060102T150405.000000"

// undoTimeout bounds the way back of an apply whose own context has ended.
// It is shorter when Asterisk was lost, or did not answer in time: the journal
// keeps what is left to do.
const (
	undoTimeout     = 2 * time.Minute
	undoTimeoutLost = 10 * time.Second
)

// Apply makes the records live: it renders every file, checks it with our own
// reader and with Asterisk's, puts all files in place under a journal, reloads
// the modules concerned, verifies what Asterisk serves, and ends what was
// revoked. On any difference it goes back to the generation before; see
// [ApplyError]. When an earlier apply was cut short, it recovers first.
//
// Without an Asterisk it stops after the files are in place, and the report
// says that nothing was verified.
func (f *Folder) Apply(ctx context.Context) (*Report, error) {
	s, unlock, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	target, err := f.target(ctx, s)
	if err != nil {
		return nil, &ApplyError{Step: StepConnect, Err: err}
	}
	files, err := f.stageAll(ctx, s, target)
	if err != nil {
		return nil, &ApplyError{Step: StepRender, Err: err}
	}
	s.Version = target.Version
	return f.put(ctx, s, s.Newest+1, files)
}

// Rollback puts the generation before the live one back in its place, in the
// same steps as Apply. The records keep what they hold, so the folder is
// pending afterwards; a second Rollback returns.
func (f *Folder) Rollback(ctx context.Context) (*Report, error) {
	s, unlock, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.Previous == 0 {
		return nil, &store.ConflictError{Reason: "there is no earlier generation to go back to"}
	}
	files, err := f.stageGeneration(s, s.Previous)
	if err != nil {
		return nil, err
	}
	return f.put(ctx, s, s.Previous, files)
}

// begin takes the folder, and ends what an earlier apply left undone.
func (f *Folder) begin(ctx context.Context) (s state, unlock func(), err error) {
	if unlock, err = f.lock(); err != nil {
		return state{}, nil, err
	}
	if _, err = f.recover(ctx); err == nil {
		s, err = f.readState()
	}
	if err == nil {
		err = f.refuseOrigin(s)
	}
	if err != nil {
		unlock()
		return state{}, nil, err
	}
	return s, unlock, nil
}

// stageGeneration stages the files as a kept generation has them.
func (f *Folder) stageGeneration(s state, number int) ([]*stagedFile, error) {
	var files []*stagedFile
	for _, source := range f.sources {
		name := source.File().Name
		content, err := f.generationContent(number, name)
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
		staged, err := f.stage(source, s, content, sections)
		if err != nil {
			return nil, err
		}
		files = append(files, staged)
	}
	return files, nil
}

// put brings the staged files to disk and then live.
func (f *Folder) put(ctx context.Context, s state, generation int, files []*stagedFile) (*Report, error) {
	if err := f.checkTrees(files); err != nil {
		return nil, &ApplyError{Step: StepCheck, Err: err}
	}
	if settled(s, files) {
		return &Report{Generation: s.Live, Verified: true, Files: fileReports(files)}, nil
	}
	if err := f.checkCandidates(ctx, files); err != nil {
		return nil, &ApplyError{Step: StepCheck, Err: errors.Join(err, f.dropCandidates(files))}
	}
	report := &Report{Generation: generation, Changed: true, Files: fileReports(files)}
	j, err := f.prepare(&s, generation, files, report)
	if err != nil {
		return nil, &ApplyError{Step: StepWrite, Err: errors.Join(err, f.closeJournal(), f.dropCandidates(files))}
	}
	if err := f.swap(j, files); err != nil {
		return nil, f.abandon(ctx, s, j, files, &ApplyError{Step: StepWrite, Err: err})
	}
	return f.finish(ctx, s, j, files, report)
}

// settled reports whether the files are on disk already, and were seen live.
func settled(s state, files []*stagedFile) bool {
	return s.Live != 0 && !s.Unverified && !slices.ContainsFunc(files, func(file *stagedFile) bool {
		return file.written() || !bytes.Equal(file.next, file.live)
	})
}

// prepare saves all that a recovery will need, and opens the journal.
func (f *Folder) prepare(s *state, generation int, files []*stagedFile, report *Report) (*journal, error) {
	for i, file := range files {
		aside, err := f.keepAside(file)
		if err != nil {
			return nil, err
		}
		report.Files[i].KeptAside = aside
	}
	if generation > s.Newest {
		if err := f.keepGeneration(generation, files); err != nil {
			return nil, err
		}
		s.Newest = generation
		if err := f.writeState(*s); err != nil {
			return nil, err
		}
	}
	return f.openJournal(generation, files)
}

// keepAside copies a file that a person edited to where no apply touches it.
func (f *Folder) keepAside(file *stagedFile) (string, error) {
	if !file.edited() {
		return "", nil
	}
	return f.keepCopy(file.File.Name, file.prior)
}

// swap renames every candidate into its place and makes that durable.
func (f *Folder) swap(j *journal, files []*stagedFile) error {
	for _, file := range files {
		if !file.written() {
			continue
		}
		now, err := f.disk.read(file.Path)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, file.prior) || (now == nil) != (file.prior == nil) {
			return &store.ConflictError{Reason: "somebody changed " + file.Path + " while it was applied; a copy is kept, apply again"}
		}
		if err := f.disk.rename(candidatePath(file.Path), file.Path); err != nil {
			return err
		}
	}
	j.Phase = renamed
	return f.writeJournal(j)
}

// finish takes files that are all in place the rest of the way.
func (f *Folder) finish(ctx context.Context, s state, j *journal, files []*stagedFile, report *Report) (*Report, error) {
	if f.asterisk == nil {
		s.Origin = cmp.Or(f.origin, s.Origin)
		return report, f.leaveUnverified(s)
	}
	failure := f.bringLive(ctx, s, files, report)
	switch {
	case failure != nil && failure.Step == StepRevoke:
		// To go back would let in again whom the change shut out.
		failure.Changed, failure.Kept = true, true
		return nil, errors.Join(failure, f.leaveUnverified(s))
	case failure != nil:
		return nil, f.abandon(ctx, s, j, files, failure)
	}
	if s.Live != j.Generation {
		s.Previous, s.Live = s.Live, j.Generation
	}
	s.LiveAt, s.Unverified = f.clock().UTC(), false
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
		if err := f.asterisk.Reload(ctx, file.File.Module); err != nil {
			return &ApplyError{Step: StepReload, File: file.Path, Err: err}
		}
		report.Files[i].Reloaded = file.File.Module
		if err := f.verify(ctx, s, file); err != nil {
			return &ApplyError{Step: StepVerify, File: file.Path, Err: err}
		}
		revoker, ok := file.source.(Revoker)
		if !ok {
			continue
		}
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

package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"github.com/pbxusers/pbxusers/store"
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
	report, err := f.apply(ctx)
	f.record(ctx, "apply", report, err)
	return report, err
}

func (f *Folder) apply(ctx context.Context) (*Report, error) {
	s, unlock, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if f.asterisk != nil {
		f.at(StepConnect, "")
	}
	target, err := f.target(ctx, s)
	if err != nil {
		return nil, &ApplyError{Step: StepConnect, Err: err}
	}
	f.at(StepRender, "")
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
	report, err := f.rollback(ctx)
	f.record(ctx, "rollback", report, err)
	return report, err
}

func (f *Folder) rollback(ctx context.Context) (*Report, error) {
	s, unlock, err := f.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if s.Previous == 0 {
		return nil, &store.ConflictError{Reason: "there is no earlier generation to go back to"}
	}
	f.at(StepRender, "")
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
	recovery, err := f.recover(ctx)
	if err == nil {
		f.recordRecovery(ctx, recovery, nil)
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
	f.at(StepCheck, "")
	if err := f.checkTrees(files); err != nil {
		return nil, &ApplyError{Step: StepCheck, Err: err}
	}
	if settled(s, files) {
		return &Report{Generation: s.Live, Verified: true, Files: fileReports(files)}, nil
	}
	if err := f.checkCandidates(ctx, files); err != nil {
		return nil, &ApplyError{Step: StepCheck, Err: errors.Join(err, f.dropCandidates(files))}
	}
	f.at(StepWrite, "")
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

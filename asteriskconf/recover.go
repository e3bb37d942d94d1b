package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Recovery tells what [Folder.Recover] found and did.
type Recovery struct {
	// Interrupted says that an apply had been cut short.
	Interrupted bool `json:"interrupted"`
	// Forward says that the new generation was completed; otherwise the old
	// one was put back.
	Forward bool `json:"forward"`
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
func (f *Folder) Recover(ctx context.Context) (*Recovery, error) {
	unlock, err := f.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	return f.recover(ctx)
}

func (f *Folder) recover(ctx context.Context) (*Recovery, error) {
	j, err := f.readJournal()
	if err != nil {
		return nil, err
	}
	s, err := f.readState()
	if err != nil {
		return nil, err
	}
	if j == nil {
		return &Recovery{}, f.sweep(s)
	}
	f.log.WarnContext(ctx, "an apply was cut short, recovering", "phase", string(j.Phase), "generation", j.Generation)
	files, err := f.stageJournal(s, j)
	if err != nil {
		return nil, err
	}
	recovery := &Recovery{Interrupted: true, Forward: j.Phase == renamed}
	if !recovery.Forward {
		if err := f.undo(ctx, s, j, files); err != nil {
			return nil, fmt.Errorf("the apply that was cut short is not undone yet: %w", err)
		}
		recovery.Verified = f.asterisk != nil
		return recovery, nil
	}
	target, err := f.target(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("an apply was cut short and waits for Asterisk: %w", err)
	}
	s.Version = target.Version
	report, err := f.finish(ctx, s, j, files, &Report{Files: fileReports(files)})
	if failure := (*ApplyError)(nil); errors.As(err, &failure) && failure.Undo == nil {
		return &Recovery{Interrupted: true, Verified: true, Reason: failure.Err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	recovery.Verified = report.Verified
	return recovery, nil
}

// sweep removes what an apply left that was cut short before it changed
// anything: candidates, half-written notes and an unused generation. A folder
// that is not in order is left for the apply to complain of.
func (f *Folder) sweep(s state) error {
	leftovers, err := filepath.Glob(candidatePath(f.statePath("*")))
	if err != nil {
		return err
	}
	for _, source := range f.sources {
		if path, err := f.locate(source.File()); err == nil {
			leftovers = append(leftovers, candidatePath(f.path(path)))
		}
	}
	for _, leftover := range leftovers {
		if err := f.disk.remove(leftover); err != nil {
			return err
		}
	}
	return f.pruneGenerations(s)
}

// stageJournal rebuilds, from what the journal saved, what the interrupted
// apply had staged.
func (f *Folder) stageJournal(s state, j *journal) ([]*stagedFile, error) {
	var files []*stagedFile
	for _, noted := range j.Files {
		source := f.sourceOf(noted.Name)
		if source == nil {
			return nil, fmt.Errorf("an apply of %s was cut short, and this program does not know that file; recover with the program that applied it", noted.Name)
		}
		staged := &stagedFile{source: source, Change: Change{File: source.File(), Path: noted.Path}}
		if err := f.fillFromJournal(staged, s, j, noted); err != nil {
			return nil, err
		}
		files = append(files, staged)
	}
	return files, nil
}

func (f *Folder) fillFromJournal(staged *stagedFile, s state, j *journal, noted journalFile) (err error) {
	if noted.Existed {
		if staged.prior, err = readFile(f.statePath("undo", noted.Name)); err != nil {
			return err
		}
	}
	if staged.next, err = f.generationContent(j.Generation, noted.Name); err != nil {
		return err
	}
	if staged.live, err = f.generationContent(s.Live, noted.Name); err != nil {
		return err
	}
	if staged.Before, err = decode(noted.Name, staged.prior); err != nil {
		return err
	}
	if staged.After, err = decode(noted.Name, staged.next); err != nil {
		return err
	}
	if staged.Live, err = staged.decodeLive(); err != nil {
		return err
	}
	staged.Sections = diffSections(staged.Before, staged.After)
	return nil
}

func (f *Folder) sourceOf(name string) Source {
	for _, source := range f.sources {
		if source.File().Name == name {
			return source
		}
	}
	return nil
}

// undo puts every file back as it was before the apply, and has Asterisk
// serve that. While it cannot be sure of that, the journal stays, so that the
// next recovery goes on; an Asterisk that was asked and serves something else
// is reported and left for the next apply.
func (f *Folder) undo(ctx context.Context, s state, j *journal, files []*stagedFile) error {
	j.Phase = undoing
	if err := f.writeJournal(j); err != nil {
		return err
	}
	for _, file := range files {
		if err := f.restore(file); err != nil {
			return err
		}
	}
	if err := f.dropCandidates(files); err != nil {
		return err
	}
	failure := f.bringBack(ctx, files)
	if failure != nil && !errors.As(failure, new(*MismatchError)) && !errors.As(failure, new(*RejectedError)) {
		return failure
	}
	if failure != nil || f.asterisk == nil {
		s.Unverified = true
		failure = errors.Join(failure, f.writeState(s))
	}
	return errors.Join(failure, f.closeJournal())
}

// restore puts one file back.
func (f *Folder) restore(file *stagedFile) error {
	path := f.path(file.Path)
	onDisk, err := readFile(path)
	if err != nil {
		return err
	}
	switch {
	case file.prior == nil:
		return f.disk.remove(path)
	case onDisk != nil && bytes.Equal(onDisk, file.prior):
		return nil
	}
	return f.disk.replace(path, file.prior, modeConf, f.ownerFor(file))
}

// ownerFor returns who a file of ours belongs to: whoever owns it now, or the
// file that includes it.
func (f *Folder) ownerFor(file *stagedFile) owner {
	for _, path := range []string{file.Path, file.File.Parent} {
		if who, err := ownerOf(f.path(path)); err == nil {
			return who
		}
	}
	return f.owner
}

// bringBack has Asterisk serve the restored files. A file that a person had
// edited before is reloaded, and not judged.
func (f *Folder) bringBack(ctx context.Context, files []*stagedFile) error {
	if f.asterisk == nil {
		return nil
	}
	for _, file := range files {
		if !file.written() {
			continue
		}
		if err := f.asterisk.Reload(ctx, file.File.Module); err != nil {
			return err
		}
		if file.prior != nil && editedByHand(file.prior) {
			continue
		}
		back := Change{File: file.File, Path: file.Path, Before: file.After, After: file.Before, Live: file.Live}
		back.Sections = diffSections(back.Before, back.After)
		if err := file.source.Verify(ctx, f.asterisk, &back); err != nil {
			return err
		}
		if revoker, ok := file.source.(Revoker); ok {
			if _, err := revoker.Revoke(ctx, f.asterisk, &back); err != nil {
				return err
			}
		}
	}
	return nil
}

package asteriskconf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	recovery, err := f.lockAndRecover(ctx)
	f.recordRecovery(ctx, recovery, err)
	return recovery, err
}

func (f *Folder) lockAndRecover(ctx context.Context) (*Recovery, error) {
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
	f.at(StepRecover, "")
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
	if failure := (*ApplyError)(nil); errors.As(err, &failure) && failure.Undo == nil && !failure.Kept {
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
	leftovers, err := fs.Glob(os.DirFS(f.dir), candidatePath(f.statePath("*")))
	if err != nil {
		return err
	}
	for _, source := range f.sources {
		if path, err := f.locate(source.File()); err == nil {
			leftovers = append(leftovers, candidatePath(path))
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
		if !filepath.IsLocal(noted.Path) || filepath.Base(noted.Path) != noted.Name {
			return nil, fmt.Errorf("%s is damaged: it names a file that is not ours", f.journalPath())
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
		if staged.prior, err = f.disk.read(f.statePath("undo", noted.Name)); err != nil {
			return err
		}
		if staged.prior == nil {
			return fmt.Errorf("the copy of %s that the journal needs is gone from %s; put the file in order by hand, remove %s and apply",
				noted.Name, f.statePath("undo"), f.journalPath())
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
	if staged.Unseen, err = f.unseenSections(s, noted.Name); err != nil {
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
		if err := f.restore(ctx, file); err != nil {
			return err
		}
	}
	if err := f.dropCandidates(files); err != nil {
		return err
	}
	failure := f.bringBack(ctx, files)
	switch {
	case failure != nil && !answered(failure):
		return failure
	case failure != nil || f.asterisk == nil:
		return errors.Join(failure, f.leaveUnverified(s))
	}
	return f.closeJournal()
}

// restore puts one file back. What a person has made of it meanwhile is set
// aside.
func (f *Folder) restore(ctx context.Context, file *stagedFile) error {
	onDisk, err := f.disk.read(file.Path)
	if err != nil {
		return err
	}
	if onDisk != nil && file.prior != nil && bytes.Equal(onDisk, file.prior) {
		return nil
	}
	if onDisk != nil && !bytes.Equal(onDisk, file.next) {
		aside, err := f.keepCopy(file.File.Name, onDisk)
		if err != nil {
			return err
		}
		f.log.WarnContext(ctx, "the file was changed by hand meanwhile, a copy is kept", "file", file.Path, "copy", aside)
	}
	if file.prior == nil {
		return f.disk.remove(file.Path)
	}
	return f.disk.replace(file.Path, file.prior, modeConf, f.ownerFor(file))
}

// ownerFor returns who a file of ours belongs to: whoever owns it now, or the
// file that includes it.
func (f *Folder) ownerFor(file *stagedFile) owner {
	for _, path := range []string{file.Path, file.File.Parent} {
		if info, err := f.infoOf(path); err == nil {
			return ownerOf(info)
		}
	}
	return f.owner
}

// bringBack has Asterisk serve the restored files.
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
		if err := f.verifyBack(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// verifyBack sees a restored file live. One that a person had edited is not
// judged, and that is said.
func (f *Folder) verifyBack(ctx context.Context, file *stagedFile) error {
	if file.prior != nil && editedByHand(file.prior) {
		return &MismatchError{What: file.Path, Difference: "the copy that was edited by hand is back in its place, and is not judged"}
	}
	tree, err := ParseFile(f.dir, file.File.Parent, nil)
	if err != nil {
		return err
	}
	back := Change{
		File: file.File, Path: file.Path, Before: file.After, After: file.Before, Live: file.Live,
		Others: otherSections(tree, file.Path), Sections: diffSections(file.After, file.Before),
	}
	if err := file.source.Verify(ctx, f.asterisk, &back); err != nil {
		return err
	}
	if revoker, ok := file.source.(Revoker); ok {
		_, err = revoker.Revoke(ctx, f.asterisk, &back)
	}
	return err
}

package asteriskconf

import (
	"context"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// mtimeStep is added to the modification time of a file that would otherwise
// look unchanged to Asterisk, on file systems that keep whole seconds.
const mtimeStep = time.Second

// checkTrees refuses a generation that Asterisk would not take, or that would
// do it harm, before anything has changed: our own reader looks at each parent
// with the new file in its place.
func (f *Folder) checkTrees(files []*stagedFile) error {
	replaced := make(map[string][]byte, len(files))
	for _, file := range files {
		replaced[file.Path] = file.next
	}
	for _, file := range files {
		tree, err := ParseFile(f.dir, file.File.Parent, &ParseFileOptions{Replace: replaced})
		if err != nil {
			return err
		}
		if err := refuseTree(tree, file); err != nil {
			return err
		}
		if err := f.refuseBlocked(tree, file); err != nil {
			return err
		}
	}
	return nil
}

// checkCandidates has Asterisk itself parse each candidate.
func (f *Folder) checkCandidates(ctx context.Context, files []*stagedFile) error {
	for _, file := range files {
		if err := f.checkCandidate(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// refuseTree refuses a tree that Asterisk would reject or read in part only,
// one that does not bring our file in whole, and one in which a section of
// ours stands twice.
func refuseTree(tree *Tree, file *stagedFile) error {
	if broken := brokenFile(tree); broken != nil {
		return broken
	}
	ours := make(map[string]bool, len(file.After))
	for _, s := range file.After {
		ours[foldName(s.Name)] = true
	}
	var seen []Section
	for _, s := range tree.Sections {
		switch {
		case s.File == file.Path:
			seen = append(seen, s.Section)
		case file.File.OwnSections && ours[foldName(s.Name)]:
			return &store.ConflictError{Reason: fmt.Sprintf(
				"%s:%d: section [%s] is written by hand there and is also one of ours; Asterisk would merge them: remove one of the two",
				s.File, s.Line, s.Name)}
		}
	}
	if !equalSections(seen, file.After) {
		return swallowed(tree, file)
	}
	return nil
}

// refuseBlocked refuses what would harm a running Asterisk, or lock us out of
// it.
func (f *Folder) refuseBlocked(tree *Tree, file *stagedFile) error {
	if f.asterisk == nil {
		return nil
	}
	if inspector, ok := file.source.(Inspector); ok {
		for _, o := range inspector.Inspect(tree) {
			if o.Blocks {
				return &store.ConflictError{Reason: fmt.Sprintf("%s:%d: %s; mend it and try again", o.File, o.Line, o.Message)}
			}
		}
	}
	if guard, ok := file.source.(Guard); ok {
		return guard.Guard(&file.Change)
	}
	return nil
}

// brokenFile returns the first finding at which Asterisk stops reading a file.
// Of an included one it would keep what stands above, and report success.
func brokenFile(tree *Tree) error {
	for _, finding := range tree.Findings {
		switch finding.Code {
		case FindingNoBracket, FindingNoParenthesis, FindingUnknownBase, FindingNoSuchSection, FindingNoSection,
			FindingInvalidEscape, FindingNoSuchFile, FindingIncludeDepth:
			return &BrokenFileError{Finding: finding}
		}
		if finding.Invalid {
			return &BrokenFileError{Finding: finding}
		}
	}
	return nil
}

// swallowed names the line because of which Asterisk would not see our file
// as it is: a block comment that another file leaves open, for one.
func swallowed(tree *Tree, file *stagedFile) error {
	for _, finding := range tree.Findings {
		if finding.Partial {
			return &BrokenFileError{Finding: finding}
		}
	}
	return &store.ConflictError{Reason: fmt.Sprintf(
		"Asterisk would not read %s as it is written: look at what %s includes before it", file.Path, file.File.Parent)}
}

// BrokenFileError says that Asterisk would reject the whole configuration
// because of one line, usually a hand edit.
type BrokenFileError struct {
	Finding Finding
}

func (e *BrokenFileError) Error() string {
	return fmt.Sprintf("%s:%d: %s; mend that line and try again", e.Finding.File, e.Finding.Line, e.Finding.Message)
}

// checkCandidate writes the candidate beside its target and, where there is
// an Asterisk, compares what it reads with what was meant.
func (f *Folder) checkCandidate(ctx context.Context, file *stagedFile) error {
	if !file.written() {
		return nil
	}
	candidate := candidatePath(file.Path)
	if err := f.createCandidate(file, candidate); err != nil {
		return err
	}
	if f.asterisk == nil {
		return nil
	}
	seen, err := f.asterisk.ReadConfig(ctx, candidate)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	if !equalSections(seen, file.After) {
		return &MismatchError{What: file.Path, Difference: "Asterisk parses the candidate differently; nothing was changed"}
	}
	return nil
}

// createCandidate gives the candidate the owner of the file it will replace,
// or of the file that includes it, so that Asterisk may read it, and a
// modification time that differs: by time and size Asterisk tells whether a
// file has changed (main/config.c).
func (f *Folder) createCandidate(file *stagedFile, candidate string) error {
	reference := file.Path
	if file.prior == nil {
		reference = file.File.Parent
	}
	info, err := f.infoOf(reference)
	if err != nil {
		return err
	}
	if err := f.disk.create(candidate, file.next, modeConf, ownerOf(info)); err != nil {
		return err
	}
	made, err := f.disk.stat(candidate)
	if err != nil || file.prior == nil || !made.ModTime().Equal(info.ModTime()) {
		return err
	}
	return f.disk.touch(candidate, made.ModTime().Add(mtimeStep))
}

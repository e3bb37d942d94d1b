package asteriskconf

import (
	"context"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// mtimeStep is added to the modification time of a file that would otherwise
// look unchanged to Asterisk, on file systems that keep whole seconds.
const mtimeStep = time.Second

// checkTrees refuses a generation that Asterisk would not take, or that would
// do it harm, before anything has changed: our own reader looks at each parent
// with the new file in its place.
func (d *ConfigDir) checkTrees(files []*stagedFile) error {
	contents := make(map[string][]byte, len(files))
	for _, file := range files {
		contents[file.Path] = file.next
	}
	for _, file := range files {
		tree, err := dialect.ParseFile(d.dir, file.File.Parent, &dialect.ParseFileOptions{Replace: contents})
		if err != nil {
			return err
		}
		if err := checkTree(tree, file); err != nil {
			return err
		}
		if err := d.checkBlocking(tree, file); err != nil {
			return err
		}
	}
	return nil
}

// checkCandidates has Asterisk itself parse each candidate.
func (d *ConfigDir) checkCandidates(ctx context.Context, files []*stagedFile) error {
	for _, file := range files {
		if err := d.checkCandidate(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// checkTree refuses a tree that Asterisk would reject or read in part only,
// one that does not bring our file in whole, and one in which a section of
// ours stands twice.
func checkTree(tree *dialect.Tree, file *stagedFile) error {
	if err := firstSyntaxError(tree); err != nil {
		return err
	}
	ownNames := make(map[string]bool, len(file.After))
	for _, s := range file.After {
		ownNames[dialect.FoldName(s.Name)] = true
	}
	var seen []dialect.Section
	for _, s := range tree.Sections {
		switch {
		case s.File == file.Path:
			seen = append(seen, s.Section)
		case file.File.UniqueSections && ownNames[dialect.FoldName(s.Name)]:
			return &store.ConflictError{Reason: fmt.Sprintf(
				"%s:%d: section [%s] is written by hand there and is also one of ours; Asterisk would merge them: remove one of the two",
				s.File, s.Line, s.Name)}
		}
	}
	if !equalSections(seen, file.After) {
		return hiddenFileError(tree, file)
	}
	return nil
}

// checkBlocking refuses what would harm a running Asterisk, or lock us out of
// it.
func (d *ConfigDir) checkBlocking(tree *dialect.Tree, file *stagedFile) error {
	if d.asterisk == nil {
		return nil
	}
	if inspector, ok := file.source.(Inspector); ok {
		for _, issue := range inspector.Inspect(tree) {
			if issue.Blocking {
				return &store.ConflictError{Reason: fmt.Sprintf("%s:%d: %s; mend it and try again", issue.File, issue.Line, issue.Message)}
			}
		}
	}
	if checker, ok := file.source.(ChangeChecker); ok {
		return checker.CheckChange(&file.Change)
	}
	return nil
}

// firstSyntaxError returns the first finding at which Asterisk stops reading a file.
// Of an included one it would keep what stands above, and report success.
func firstSyntaxError(tree *dialect.Tree) error {
	for _, finding := range tree.Findings {
		switch finding.Code {
		case dialect.FindingNoBracket, dialect.FindingNoParenthesis, dialect.FindingUnknownBase, dialect.FindingNoSuchSection, dialect.FindingNoSection,
			dialect.FindingInvalidEscape, dialect.FindingNoSuchFile, dialect.FindingIncludeDepth:
			return &SyntaxError{Finding: finding}
		}
		if finding.Invalid {
			return &SyntaxError{Finding: finding}
		}
	}
	return nil
}

// hiddenFileError names the line because of which Asterisk would not see our file
// as it is: a block comment that another file leaves open, for one.
func hiddenFileError(tree *dialect.Tree, file *stagedFile) error {
	for _, finding := range tree.Findings {
		if finding.Partial {
			return &SyntaxError{Finding: finding}
		}
	}
	return &store.ConflictError{Reason: fmt.Sprintf(
		"Asterisk would not read %s as it is written: look at what %s includes before it", file.Path, file.File.Parent)}
}

// SyntaxError says that Asterisk would reject the whole configuration
// because of one line, usually a hand edit.
type SyntaxError struct {
	Finding dialect.Finding
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s; mend that line and try again", e.Finding.File, e.Finding.Line, e.Finding.Message)
}

// checkCandidate writes the candidate beside its target and, where there is
// an Asterisk, compares what it reads with what was meant.
func (d *ConfigDir) checkCandidate(ctx context.Context, file *stagedFile) error {
	if !file.needsWrite() {
		return nil
	}
	candidate := candidatePath(file.Path)
	if err := d.createCandidate(file, candidate); err != nil {
		return err
	}
	if d.asterisk == nil {
		return nil
	}
	seen, err := d.asterisk.ReadConfig(ctx, candidate)
	if err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	if !equalSections(seen, file.After) {
		return &MismatchError{Object: file.Path, Difference: "Asterisk parses the candidate differently; nothing was changed"}
	}
	return nil
}

// createCandidate gives the candidate the owner of the file it will replace,
// or of the file that includes it, so that Asterisk may read it, and a
// modification time that differs: by time and size Asterisk tells whether a
// file has changed (main/config.c).
func (d *ConfigDir) createCandidate(file *stagedFile, candidate string) error {
	reference := file.Path
	if file.prior == nil {
		reference = file.File.Parent
	}
	info, err := d.statResolved(reference)
	if err != nil {
		return err
	}
	if err := d.disk.create(candidate, file.next, modeConf, ownerOf(info)); err != nil {
		return err
	}
	created, err := d.disk.stat(candidate)
	if err != nil || file.prior == nil || !created.ModTime().Equal(info.ModTime()) {
		return err
	}
	return d.disk.touch(candidate, created.ModTime().Add(mtimeStep))
}

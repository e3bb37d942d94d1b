package asteriskconf

import (
	"context"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// mtimeStep is added to a modification time that would not differ from the
// previous one on file systems with whole seconds. Asterisk would not see the
// change.
const mtimeStep = time.Second

// checkTrees rejects a generation that Asterisk would not accept or that would
// harm it. It parses each parent with the new files in place, before anything
// changes. It returns the issues that do not stop an apply.
func (d *ConfigDir) checkTrees(ctx context.Context, files []*stagedFile) ([]Issue, error) {
	contents := make(map[string][]byte, len(files))
	for _, file := range files {
		contents[file.Path] = file.next
	}
	issues := []Issue{}
	for _, file := range files {
		tree, err := dialect.ParseFile(d.dir, file.File.Parent, &dialect.ParseFileOptions{Replace: contents})
		if err != nil {
			return nil, err
		}
		if err := checkTree(tree, file); err != nil {
			return nil, err
		}
		found := d.inspect(ctx, file.source, tree, &file.Change)
		if err := d.checkBlocking(ctx, found, file); err != nil {
			return nil, err
		}
		issues = append(issues, found...)
	}
	return issues, nil
}

// checkCandidates makes Asterisk parse each candidate.
func (d *ConfigDir) checkCandidates(ctx context.Context, files []*stagedFile) error {
	for _, file := range files {
		if err := d.checkCandidate(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// checkTree rejects a tree that Asterisk would reject or read only in part. It
// also rejects a tree that does not include the file unchanged, or that has one
// of its sections twice.
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
				"%s:%d: section [%s] also exists in pbxusers, and Asterisk would merge the two; remove one of them",
				s.File, s.Line, s.Name)}
		}
	}
	if !equalSections(seen, file.After) {
		return hiddenFileError(tree, file)
	}
	return nil
}

// checkBlocking rejects a change that would harm a running Asterisk or lock
// this program out of it.
func (d *ConfigDir) checkBlocking(ctx context.Context, issues []Issue, file *stagedFile) error {
	if d.asterisk == nil {
		return nil
	}
	if err := FirstBlocking(issues); err != nil {
		return err
	}
	if checker, ok := file.source.(ChangeChecker); ok {
		return checker.CheckChange(ctx, d.asterisk, &file.Change)
	}
	return nil
}

// FirstBlocking returns the first blocking issue as a [store.ConflictError], or nil.
func FirstBlocking(issues []Issue) error {
	for _, issue := range issues {
		if issue.Blocking {
			return &store.ConflictError{Reason: issue.String() + "; fix it and try again"}
		}
	}
	return nil
}

// firstSyntaxError returns the first finding at which Asterisk stops reading a
// file. Asterisk would keep the lines above it in an included file and report
// success.
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

// hiddenFileError returns the error for a file that Asterisk would not read
// unchanged. The cause is, for example, an open block comment in another file.
func hiddenFileError(tree *dialect.Tree, file *stagedFile) error {
	for _, finding := range tree.Findings {
		if finding.Partial {
			return &SyntaxError{Finding: finding}
		}
	}
	return &store.ConflictError{Reason: fmt.Sprintf(
		"Asterisk would not read %s as written; check the files that %s includes before it", file.Path, file.File.Parent)}
}

// SyntaxError means that Asterisk would reject the whole configuration because
// of one line, usually a manual edit.
type SyntaxError struct {
	Finding dialect.Finding
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d: %s; fix this line and try again", e.Finding.File, e.Finding.Line, e.Finding.Message)
}

// checkCandidate writes the candidate beside its target. With a running
// Asterisk it also compares what Asterisk reads with the rendered sections.
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

// createCandidate writes the candidate with the owner of the file that it
// replaces, or of its parent, so that Asterisk can read it. The modification
// time must change: Asterisk detects a change by time and size (main/config.c).
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

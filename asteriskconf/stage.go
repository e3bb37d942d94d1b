package asteriskconf

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
)

// stagedFile is one file on its way to a generation.
type stagedFile struct {
	Change
	source Source
	// prior is what stands on disk, nil for nothing; next what shall stand
	// there; live what the last verified generation held, nil for none.
	prior, next, live []byte
}

// written reports whether the file on disk is to change.
func (s *stagedFile) written() bool { return !bytes.Equal(s.prior, s.next) || s.prior == nil }

// edited reports whether a person changed the file on disk.
func (s *stagedFile) edited() bool {
	return s.prior != nil && !bytes.Equal(s.prior, s.next) && !bytes.Equal(s.prior, s.live) && editedByHand(s.prior)
}

// stageAll renders every file and compares it with what is there.
func (f *Folder) stageAll(ctx context.Context, s state, target Target) ([]*stagedFile, error) {
	files := make([]*stagedFile, 0, len(f.sources))
	for _, source := range f.sources {
		sections, err := source.Sections(ctx, target)
		if err != nil {
			return nil, err
		}
		next, err := encode(source.File(), sections)
		if err != nil {
			return nil, err
		}
		staged, err := f.stage(source, s, next, sections)
		if err != nil {
			return nil, err
		}
		files = append(files, staged)
	}
	return files, nil
}

// stage sets the content that a file shall have beside what it has.
func (f *Folder) stage(source Source, s state, next []byte, after []Section) (*stagedFile, error) {
	file := source.File()
	path, err := f.locate(file)
	if err != nil {
		return nil, err
	}
	staged := &stagedFile{source: source, next: next, Change: Change{File: file, Path: path, After: after}}
	if staged.prior, err = f.disk.read(path); err != nil {
		return nil, err
	}
	if staged.live, err = f.generationContent(s.Live, file.Name); err != nil {
		return nil, err
	}
	if staged.Before, err = decode(file.Name, staged.prior); err != nil {
		return nil, err
	}
	if staged.Live, err = staged.decodeLive(); err != nil {
		return nil, err
	}
	staged.Sections = diffSections(staged.Before, staged.After)
	return staged, nil
}

// decodeLive reads the live generation, which is most often what is on disk.
func (s *stagedFile) decodeLive() ([]Section, error) {
	if s.live != nil && bytes.Equal(s.live, s.prior) {
		return s.Before, nil
	}
	return decode(s.File.Name, s.live)
}

// encode writes the whole file and reads it back: what our own reader does
// not see as it was meant never reaches the disk.
func encode(file File, sections []Section) ([]byte, error) {
	var body bytes.Buffer
	w := NewWriter(&body, &WriterOptions{RepeatSections: file.RepeatSections})
	for _, section := range sections {
		if err := w.Section(section); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name, err)
	}
	content := withBanner(body.Bytes())
	seen, err := decode(file.Name, content)
	if err != nil {
		return nil, err
	}
	if !equalSections(seen, sections) {
		return nil, fmt.Errorf("%s: the rendered file does not read back as it was meant; nothing was changed", file.Name)
	}
	return content, nil
}

// decode reads the sections of a file of ours; nil content has none. A file
// that a person has broken yields the sections that Asterisk would see.
func decode(name string, content []byte) ([]Section, error) {
	if content == nil {
		return nil, nil
	}
	tree, err := Parse(bytes.NewReader(content), &ParseOptions{Name: name})
	if err != nil {
		return nil, err
	}
	return tree.Plain(), nil
}

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

package asteriskconf

import (
	"bytes"
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// stagedFile is one file of a generation in preparation.
type stagedFile struct {
	Change
	source Source
	// prior is the content on disk, or nil. next is the new content. live is
	// the content in the last verified generation, or nil.
	prior, next, live []byte
}

// needsWrite reports whether the file on disk has to change.
func (s *stagedFile) needsWrite() bool { return !bytes.Equal(s.prior, s.next) || s.prior == nil }

// manuallyEdited reports whether the file on disk was edited.
func (s *stagedFile) manuallyEdited() bool {
	return s.prior != nil && !bytes.Equal(s.prior, s.next) && !bytes.Equal(s.prior, s.live) && isManuallyEdited(s.prior)
}

// stageAll renders every file and compares it with the current one.
func (d *ConfigDir) stageAll(ctx context.Context, s state, target Target) ([]*stagedFile, error) {
	files := make([]*stagedFile, 0, len(d.sources))
	for _, source := range d.sources {
		sections, err := source.Sections(ctx, target)
		if err != nil {
			return nil, err
		}
		next, err := encode(source.File(), sections)
		if err != nil {
			return nil, err
		}
		staged, err := d.stage(source, s, next, sections)
		if err != nil {
			return nil, err
		}
		files = append(files, staged)
	}
	return files, nil
}

// stage pairs the new content of a file with the current one.
func (d *ConfigDir) stage(source Source, s state, next []byte, after []dialect.Section) (*stagedFile, error) {
	file := source.File()
	path, err := d.locate(file)
	if err != nil {
		return nil, err
	}
	staged := &stagedFile{source: source, next: next, Change: Change{File: file, Path: path, After: after}}
	if staged.prior, err = d.disk.read(path); err != nil {
		return nil, err
	}
	if staged.live, err = d.generationContent(s.Live, file.Name); err != nil {
		return nil, err
	}
	if staged.Before, err = decode(file.Name, staged.prior); err != nil {
		return nil, err
	}
	if staged.Live, err = staged.decodeLive(); err != nil {
		return nil, err
	}
	if staged.Unverified, err = d.unverifiedSections(s, file.Name); err != nil {
		return nil, err
	}
	staged.Sections = diffSections(staged.Before, staged.After)
	return staged, nil
}

// unchanged returns a change to a file that keeps its content on disk.
func (d *ConfigDir) unchanged(s state, file File, path string) (*Change, error) {
	change := &Change{File: file, Path: path}
	content, err := d.disk.read(path)
	if err != nil {
		return nil, err
	}
	if change.Before, err = decode(file.Name, content); err != nil {
		return nil, err
	}
	change.After = change.Before
	if content, err = d.generationContent(s.Live, file.Name); err != nil {
		return nil, err
	}
	if change.Live, err = decode(file.Name, content); err != nil {
		return nil, err
	}
	change.Unverified, err = d.unverifiedSections(s, file.Name)
	return change, err
}

// decodeLive reads the live generation, which is usually the file on disk.
func (s *stagedFile) decodeLive() ([]dialect.Section, error) {
	if s.live != nil && bytes.Equal(s.live, s.prior) {
		return s.Before, nil
	}
	return decode(s.File.Name, s.live)
}

// encode renders the whole file and reads it back. It returns an error unless
// the parser reads the same sections.
func encode(file File, sections []dialect.Section) ([]byte, error) {
	var body bytes.Buffer
	w := dialect.NewWriter(&body, &dialect.WriterOptions{RepeatSections: file.RepeatSections})
	for _, section := range sections {
		if err := w.Section(section); err != nil {
			return nil, fmt.Errorf("%s: %w", file.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name, err)
	}
	content := prependBanner(body.Bytes())
	seen, err := decode(file.Name, content)
	if err != nil {
		return nil, err
	}
	if !equalSections(seen, sections) {
		return nil, fmt.Errorf("%s: the rendered file does not read back as written; nothing was changed", file.Name)
	}
	return content, nil
}

// decode returns the sections of a file. nil content has none. For an invalid
// file it returns the sections that Asterisk would see.
func decode(name string, content []byte) ([]dialect.Section, error) {
	if content == nil {
		return nil, nil
	}
	tree, err := dialect.Parse(bytes.NewReader(content), &dialect.ParseOptions{Name: name})
	if err != nil {
		return nil, err
	}
	return tree.ResolvedSections(), nil
}

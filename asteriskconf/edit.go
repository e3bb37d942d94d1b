package asteriskconf

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// keptFormat stamps the copies that are set aside.
const keptFormat = "20060102T150405.000000"

// Mend is one line that would be replaced or added.
type Mend struct {
	// Line is the line that is replaced, counted from 1; with After set,
	// the line after which Text is added.
	Line  int  `json:"line"`
	After bool `json:"after"`
	// Text is the new line.
	Text string `json:"text"`
}

// edit changes a file of parent's tree that others own: it is copied aside,
// changed as a whole, and left alone when Asterisk would reject the outcome.
func (f *Folder) edit(parent, relative string, change func([]byte) []byte) error {
	path, err := f.resolve(relative)
	if err != nil {
		return err
	}
	info, err := f.disk.stat(path)
	if err != nil {
		return err
	}
	content, err := f.disk.read(path)
	if err != nil {
		return err
	}
	changed := change(content)
	tree, err := ParseFile(f.dir, parent, &ParseFileOptions{Replace: map[string][]byte{relative: changed}})
	if err != nil {
		return err
	}
	if broken := brokenFile(tree); broken != nil {
		return broken
	}
	if _, err := f.keepCopy(filepath.Base(relative), content); err != nil {
		return err
	}
	return f.disk.replace(path, changed, info.Mode().Perm(), ownerOf(info))
}

// infoOf describes a file that others own, and that may be a link.
func (f *Folder) infoOf(relative string) (fs.FileInfo, error) {
	path, err := f.resolve(relative)
	if err != nil {
		return nil, err
	}
	return f.disk.stat(path)
}

// resolve follows links, as far as they stay inside the folder: Asterisk's
// GetConfig reads nothing outside either.
func (f *Folder) resolve(relative string) (string, error) {
	dir, err := filepath.EvalSymlinks(f.dir)
	if err != nil {
		return "", err
	}
	path, err := filepath.EvalSymlinks(filepath.Join(f.dir, relative))
	if err != nil {
		return "", err
	}
	inside, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(inside) {
		return "", &store.ConflictError{Reason: relative + " is a link that leads out of the configuration folder; put the file itself there"}
	}
	return inside, nil
}

// keepCopy sets a copy aside and returns where it stands, absolutely.
func (f *Folder) keepCopy(name string, content []byte) (string, error) {
	if err := f.disk.mkdir(f.statePath("kept"), f.owner); err != nil {
		return "", err
	}
	path := f.statePath("kept", name+"."+f.clock().UTC().Format(keptFormat))
	for !f.disk.missing(path) {
		path += "+"
	}
	return filepath.Join(f.dir, path), f.disk.create(path, content, modePrivate, f.owner)
}

// withLine adds a line at the end of content.
func withLine(content []byte, line string) []byte {
	out := bytes.Clone(content)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(append(out, line...), '\n')
}

// apply replaces or adds the line in content.
func (m *Mend) apply(content []byte) []byte {
	lines := strings.SplitAfter(string(content), "\n")
	at := min(m.Line, len(lines))
	if !m.After {
		return []byte(strings.Join(slices.Concat(lines[:at-1], []string{m.Text + "\n"}, lines[at:]), ""))
	}
	if at > 0 && !strings.HasSuffix(lines[at-1], "\n") {
		lines[at-1] += "\n"
	}
	return []byte(strings.Join(slices.Insert(lines, at, m.Text+"\n"), ""))
}

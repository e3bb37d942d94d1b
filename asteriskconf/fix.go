package asteriskconf

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
)

// backupTimeFormat stamps the copies that are set aside.
const backupTimeFormat = "20060102T150405.000000"

// Fix is one line that would be replaced or added.
type Fix struct {
	// Line is the line that is replaced, counted from 1; with After set,
	// the line after which Text is added.
	Line        int  `json:"line"`
	InsertAfter bool `json:"after"`
	// Text is the new line.
	Text string `json:"text"`
}

// editFile changes a file of parent's tree that others own: it is copied aside,
// changed as a whole, and left alone when Asterisk would reject the outcome.
func (d *ConfigDir) editFile(parent, relative string, change func([]byte) []byte) error {
	path, err := d.resolve(relative)
	if err != nil {
		return err
	}
	info, err := d.disk.stat(path)
	if err != nil {
		return err
	}
	content, err := d.disk.read(path)
	if err != nil {
		return err
	}
	changed := change(content)
	tree, err := dialect.ParseFile(d.dir, parent, &dialect.ParseFileOptions{Replace: map[string][]byte{relative: changed}})
	if err != nil {
		return err
	}
	if syntaxErr := firstSyntaxError(tree); syntaxErr != nil {
		return syntaxErr
	}
	if _, err := d.saveBackup(filepath.Base(relative), content); err != nil {
		return err
	}
	return d.disk.replace(path, changed, info.Mode().Perm(), ownerOf(info))
}

// statResolved describes a file that others own, and that may be a link.
func (d *ConfigDir) statResolved(relative string) (fs.FileInfo, error) {
	path, err := d.resolve(relative)
	if err != nil {
		return nil, err
	}
	return d.disk.stat(path)
}

// resolve follows links, as far as they stay inside the folder: Asterisk's
// GetConfig reads nothing outside either.
func (d *ConfigDir) resolve(relative string) (string, error) {
	dir, err := filepath.EvalSymlinks(d.dir)
	if err != nil {
		return "", err
	}
	path, err := filepath.EvalSymlinks(filepath.Join(d.dir, relative))
	if err != nil {
		return "", err
	}
	inside, err := filepath.Rel(dir, path)
	if err != nil || !filepath.IsLocal(inside) {
		return "", &store.ConflictError{Reason: relative + " is a link that leads out of the configuration folder; put the file itself there"}
	}
	return inside, nil
}

// saveBackup sets a copy aside and returns where it stands, absolutely.
func (d *ConfigDir) saveBackup(name string, content []byte) (string, error) {
	if err := d.disk.mkdir(d.statePath("kept"), d.owner); err != nil {
		return "", err
	}
	path := d.statePath("kept", name+"."+d.clock().UTC().Format(backupTimeFormat))
	for !d.disk.notExist(path) {
		path += "+"
	}
	return filepath.Join(d.dir, path), d.disk.create(path, content, modePrivate, d.owner)
}

// appendLine adds a line at the end of content.
func appendLine(content []byte, line string) []byte {
	out := bytes.Clone(content)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(append(out, line...), '\n')
}

// apply replaces or adds the line in content.
func (m *Fix) apply(content []byte) []byte {
	lines := strings.SplitAfter(string(content), "\n")
	at := min(m.Line, len(lines))
	if !m.InsertAfter {
		return []byte(strings.Join(slices.Concat(lines[:at-1], []string{m.Text + "\n"}, lines[at:]), ""))
	}
	if at > 0 && !strings.HasSuffix(lines[at-1], "\n") {
		lines[at-1] += "\n"
	}
	return []byte(strings.Join(slices.Insert(lines, at, m.Text+"\n"), ""))
}

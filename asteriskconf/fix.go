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

// backupsDir is the folder of backups in the state folder.
const backupsDir = "backups"

// backupTimeFormat is the time suffix of backups.
const backupTimeFormat = "20060102T150405.000000"

// Fix is one line to replace or to add.
type Fix struct {
	// Line is the line to replace, counted from 1. If InsertAfter is set, Text
	// is added after this line.
	Line        int  `json:"line"`
	InsertAfter bool `json:"insert_after"`
	// Text is the new line.
	Text string `json:"text"`
}

// editFile changes a file of parent's tree that this module does not own. It
// saves a backup and replaces the file atomically. It returns an error and
// changes nothing if Asterisk would reject the result.
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

// statResolved returns the file info of a path that may be a symlink.
func (d *ConfigDir) statResolved(relative string) (fs.FileInfo, error) {
	path, err := d.resolve(relative)
	if err != nil {
		return nil, err
	}
	return d.disk.stat(path)
}

// resolve follows symlinks that stay inside the folder. Asterisk's GetConfig
// does not read outside it either.
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
		return "", &store.ConflictError{Reason: relative + " is a symlink to a file outside the configuration folder; replace it with the file"}
	}
	return inside, nil
}

// saveBackup saves a backup and returns its absolute path.
func (d *ConfigDir) saveBackup(name string, content []byte) (string, error) {
	if err := d.disk.mkdir(d.statePath(backupsDir), d.owner); err != nil {
		return "", err
	}
	path := d.statePath(backupsDir, name+"."+d.clock().UTC().Format(backupTimeFormat))
	for !d.disk.notExist(path) {
		path += "+"
	}
	return filepath.Join(d.dir, path), d.disk.create(path, content, modePrivate, d.owner)
}

// appendLine returns content with a line added at the end.
func appendLine(content []byte, line string) []byte {
	out := bytes.Clone(content)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, '\n')
	}
	return append(append(out, line...), '\n')
}

// apply returns content with the line replaced or added.
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

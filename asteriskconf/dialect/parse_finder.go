package dialect

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxPath is the longest path of a configuration file in Asterisk, which
// truncates longer ones.
const maxPath = 255

// ParseFileOptions are the options of [ParseFile].
type ParseFileOptions struct {
	// MaxBytes is as in [ParseOptions].
	MaxBytes int64
	// Replace maps paths relative to the folder, such as "manager.d/crm.conf",
	// to the content to read instead. Such a file need not exist: patterns
	// match it like any other.
	Replace map[string][]byte
}

// ParseFile reads a file of a configuration folder with all its includes, as
// [Parse] does. File names in findings and positions are relative to the folder
// where possible. It returns an error wrapping [fs.ErrNotExist] if the file
// does not exist.
//
// Includes are resolved as in Asterisk: relative to the folder, also from files
// in subfolders; with *, ?, [ ] and { }, none of which matches a leading dot;
// sorted by name; at most ten deep. A path may lead outside the folder.
// Anything but a regular file is skipped.
func ParseFile(dir, name string, opts *ParseFileOptions) (*Tree, error) {
	o := ParseFileOptions{}
	if opts != nil {
		o = *opts
	}
	f := newFileFinder(dir, o.Replace)
	files, err := f.find(name)
	if err != nil {
		return nil, err
	}
	p := newParser(f.find, o.MaxBytes)
	n, err := p.loadRoot(files)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, fmt.Errorf("read configuration file %s: %w", name, fs.ErrNotExist)
	}
	return p.buildTree(), nil
}

// fileFinder finds files relative to a configuration folder.
type fileFinder struct {
	dir     string
	replace map[string][]byte
	// dirCache holds the names in folders already read.
	dirCache  map[string][]string
	nameCount int
}

func newFileFinder(dir string, replace map[string][]byte) *fileFinder {
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	clean := make(map[string][]byte, len(replace))
	for path, content := range replace {
		clean[filepath.Join(dir, path)] = content
	}
	return &fileFinder{dir: dir, replace: clean, dirCache: map[string][]string{}}
}

// find returns the files that a pattern matches. A path without special
// characters is returned without a check whether it exists.
func (f *fileFinder) find(pattern string) ([]IncludedFile, error) {
	root := f.dir
	if strings.HasPrefix(pattern, "/") {
		root = ""
	} else {
		pattern = "/" + pattern
	}
	if len(root)+len(pattern) > maxPath {
		pattern = pattern[:max(0, maxPath-len(root))]
	}
	paths, err := f.expand(root, pattern, false)
	if err != nil {
		return nil, err
	}
	files := make([]IncludedFile, 0, len(paths))
	for _, path := range paths {
		if len(path) <= maxPath {
			files = append(files, f.includedFile(path))
		}
	}
	return files, nil
}

func (f *fileFinder) includedFile(path string) IncludedFile {
	name := path
	if rel, err := filepath.Rel(f.dir, path); err == nil && filepath.IsLocal(rel) {
		name = rel
	}
	return IncludedFile{Name: name, Open: func() (io.ReadCloser, error) { return f.open(path) }}
}

// open opens a regular file. Asterisk treats anything else as missing.
func (f *fileFinder) open(path string) (io.ReadCloser, error) {
	if content, ok := f.replace[filepath.Clean(path)]; ok {
		return io.NopCloser(bytes.NewReader(content)), nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, toNotExist(err)
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	return os.Open(path)
}

// toNotExist converts the other errors of a path that leads nowhere into
// [fs.ErrNotExist].
func toNotExist(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok && !errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: %w", pathError.Path, fs.ErrNotExist)
	}
	return err
}

// exists reports whether a path exists.
func (f *fileFinder) exists(path string) bool {
	if _, ok := f.replace[filepath.Clean(path)]; ok {
		return true
	}
	_, err := os.Lstat(path)
	return err == nil
}

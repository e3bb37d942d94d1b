package asteriskconf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// NotInstalledError says that Asterisk does not read a file of ours yet.
type NotInstalledError struct {
	// Name of the file, and Parent of the file that should include it.
	Name, Parent string
}

func (e *NotInstalledError) Error() string {
	return fmt.Sprintf("%s does not include %s yet; run the installation of the configuration folder first", e.Parent, e.Name)
}

// locate returns the path, relative to the folder, at which Asterisk reads
// the file, whether or not it exists now.
func (f *Folder) locate(file File) (string, error) {
	// Our own file may be large, and says nothing about where it is included.
	unread := map[string][]byte{file.Name: nil}
	found, err := fs.Glob(os.DirFS(f.dir), "*/"+file.Name)
	if err != nil {
		return "", err
	}
	for _, path := range found {
		unread[path] = nil
	}
	tree, err := ParseFile(f.dir, file.Parent, &ParseFileOptions{Replace: unread})
	if err != nil {
		return "", err
	}
	path, _, ok := f.included(tree, file)
	if broken := brokenFile(tree); !ok && broken != nil {
		return "", broken
	}
	if !ok {
		return "", &NotInstalledError{Name: file.Name, Parent: file.Parent}
	}
	return path, nil
}

// included finds the include line of the tree that brings the file in, and
// the path that it brings it in from: one where the file stands already, before
// one where it may.
func (f *Folder) included(tree *Tree, file File) (path string, by Include, ok bool) {
	for _, include := range tree.Includes {
		candidate := f.candidateOf(include, file)
		if candidate == "" {
			continue
		}
		if !f.disk.missing(candidate) {
			return candidate, include, true
		}
		if !ok {
			path, by, ok = candidate, include, true
		}
	}
	return path, by, ok
}

// candidateOf returns the path at which an include line would find the file,
// or "".
func (f *Folder) candidateOf(include Include, file File) string {
	pattern := filepath.Clean(include.Pattern)
	if filepath.IsAbs(pattern) {
		relative, err := filepath.Rel(f.dir, pattern)
		if err != nil {
			return ""
		}
		pattern = relative
	}
	candidate := filepath.Join(filepath.Dir(pattern), file.Name)
	matched, err := filepath.Match(pattern, candidate)
	if err != nil || !matched || !filepath.IsLocal(candidate) {
		return ""
	}
	if info, err := f.disk.stat(filepath.Dir(candidate)); err != nil || !info.IsDir() {
		return ""
	}
	return candidate
}

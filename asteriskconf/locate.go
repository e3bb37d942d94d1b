package asteriskconf

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// NotInstalledError means that Asterisk does not include a file of this module
// yet.
type NotInstalledError struct {
	// Name is the file, and Parent is the file that should include it.
	Name, Parent string
}

func (e *NotInstalledError) Error() string {
	return fmt.Sprintf("%s does not include %s; install the configuration folder first", e.Parent, e.Name)
}

// locate returns the path from which Asterisk reads the file, relative to the
// folder. The file need not exist.
func (d *ConfigDir) locate(file File) (string, error) {
	// Our own file may be large and does not affect its location.
	replaced := map[string][]byte{file.Name: nil}
	found, err := fs.Glob(os.DirFS(d.dir), "*/"+file.Name)
	if err != nil {
		return "", err
	}
	for _, path := range found {
		replaced[path] = nil
	}
	tree, err := dialect.ParseFile(d.dir, file.Parent, &dialect.ParseFileOptions{Replace: replaced})
	if err != nil {
		return "", err
	}
	path, _, ok := d.findInclude(tree, file)
	if syntaxErr := firstSyntaxError(tree); !ok && syntaxErr != nil {
		return "", syntaxErr
	}
	if !ok {
		return "", &NotInstalledError{Name: file.Name, Parent: file.Parent}
	}
	return path, nil
}

// findInclude finds the include line for the file and the path that it yields.
// It prefers a path at which the file exists.
func (d *ConfigDir) findInclude(tree *dialect.Tree, file File) (path string, match dialect.Include, ok bool) {
	for _, include := range tree.Includes {
		candidate := d.includedPath(include, file)
		if candidate == "" {
			continue
		}
		if !d.disk.notExist(candidate) {
			return candidate, include, true
		}
		if !ok {
			path, match, ok = candidate, include, true
		}
	}
	return path, match, ok
}

// includedPath returns the path at which an include line would find the file,
// or "".
func (d *ConfigDir) includedPath(include dialect.Include, file File) string {
	pattern := filepath.Clean(include.Pattern)
	if filepath.IsAbs(pattern) {
		relative, err := filepath.Rel(d.dir, pattern)
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
	if info, err := d.disk.stat(filepath.Dir(candidate)); err != nil || !info.IsDir() {
		return ""
	}
	return candidate
}

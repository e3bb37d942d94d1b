package asteriskconf

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Folder is the configuration folder of one Asterisk, such as /etc/asterisk,
// and the files in it that this module owns. It may be used from several
// goroutines and processes: applies wait for nobody, a second one at the same
// time is refused with a store.ConflictError.
//
// What it remembers stands in the folder itself, under .pbxusers: a lock, the
// journal of an apply at work, the last two generations that were seen live,
// and copies of files that were edited by hand. Those hold secrets; the folder
// is closed to all but its owner.
type Folder struct {
	dir      string
	sources  []Source
	asterisk Asterisk
	version  Version
	clock    func() time.Time
	log      *slog.Logger
	disk     disk
	owner    owner
}

// Options of [Open].
type Options struct {
	// Asterisk is the running Asterisk. Defaults to none: applies then write
	// the files, say that nothing was verified, and stay pending.
	Asterisk Asterisk
	// Version is what files are rendered for when there is no Asterisk to
	// ask. Defaults to that of the last apply, or to the newest.
	Version Version
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Logger is told of each step. Defaults to none.
	Logger *slog.Logger
}

// Open returns the folder at dir, which must exist. Files are reloaded in the
// order of sources, but the module "manager" last: Apply talks through it.
func Open(dir string, sources []Source, opts *Options) (*Folder, error) {
	if opts == nil {
		opts = &Options{}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("configuration folder: %w", err)
	}
	who, err := ownerOf(abs)
	if err != nil {
		return nil, fmt.Errorf("configuration folder: %w", err)
	}
	f := &Folder{
		dir:      abs,
		sources:  slices.Clone(sources),
		asterisk: opts.Asterisk,
		version:  opts.Version,
		clock:    opts.Clock,
		log:      opts.Logger,
		owner:    who,
	}
	if f.clock == nil {
		f.clock = time.Now
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	slices.SortStableFunc(f.sources, func(a, b Source) int {
		return lastIfManager(a) - lastIfManager(b)
	})
	return f, nil
}

func lastIfManager(s Source) int {
	if s.File().Module == "manager" {
		return 1
	}
	return 0
}

// Dir returns the absolute path of the folder.
func (f *Folder) Dir() string { return f.dir }

// statePath returns the folder of our own state, or a path in it.
func (f *Folder) statePath(parts ...string) string {
	return filepath.Join(append([]string{f.dir, ".pbxusers"}, parts...)...)
}

// path returns the absolute path of a file given relative to the folder.
func (f *Folder) path(relative string) string { return filepath.Join(f.dir, relative) }

// target says which Asterisk the files are for.
func (f *Folder) target(ctx context.Context, s state) (Target, error) {
	if f.asterisk == nil {
		return f.offlineTarget(s), nil
	}
	version, err := f.asterisk.Version(ctx)
	if err != nil {
		return Target{}, err
	}
	return Target{Version: version}, nil
}

func (f *Folder) offlineTarget(s state) Target {
	return Target{Version: cmp.Or(f.version, s.Version)}
}

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
	found, err := filepath.Glob(f.path(filepath.Join("*", file.Name)))
	if err != nil {
		return "", err
	}
	for _, path := range found {
		unread[filepath.Join(filepath.Base(filepath.Dir(path)), file.Name)] = nil
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
// the path that it brings it in from.
func (f *Folder) included(tree *Tree, file File) (path string, by Include, ok bool) {
	for _, include := range tree.Includes {
		candidate := filepath.Join(filepath.Dir(include.Pattern), file.Name)
		if filepath.IsAbs(candidate) {
			relative, err := filepath.Rel(f.dir, candidate)
			if err != nil || !filepath.IsLocal(relative) {
				continue
			}
			candidate = relative
		}
		if !filepath.IsLocal(candidate) || !f.matches(include.Pattern, candidate) {
			continue
		}
		if info, err := os.Stat(filepath.Dir(f.path(candidate))); err == nil && info.IsDir() {
			return candidate, include, true
		}
	}
	return "", Include{}, false
}

// matches reports whether an include pattern names the file at path, which is
// relative to the folder.
func (f *Folder) matches(pattern, path string) bool {
	if !filepath.IsAbs(pattern) {
		pattern = f.path(pattern)
	}
	matched, err := filepath.Match(filepath.Clean(pattern), f.path(path))
	return err == nil && matched
}

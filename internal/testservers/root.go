package testservers

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Root is a folder with the files of a Debian system, or of a part of one. Its
// programs run through its own loader and libraries, which takes neither chroot
// nor its privileges, and asks nothing of this machine's own system.
type Root struct {
	dir       string
	loader    string
	multiarch string
}

// openRoot returns the system below a folder.
func openRoot(dir string) (*Root, error) {
	loaders, _ := filepath.Glob(filepath.Join(dir, "usr", "lib", "*", "ld-*.so.[0-9]"))
	if len(loaders) == 0 {
		return nil, fmt.Errorf("none installed in %s", dir)
	}
	return &Root{dir: dir, loader: loaders[0], multiarch: filepath.Base(filepath.Dir(loaders[0]))}, nil
}

// ServerRoot returns the system that has slapd and Prosody, as `make testservers`
// unpacks it. Without it the test is skipped, or fails; see the package
// comment.
func ServerRoot(t testing.TB) *Root {
	t.Helper()
	SkipIfShort(t)
	dir, err := installDir()
	if err != nil {
		SkipOrFail(t, err)
	}
	root, err := openRoot(filepath.Join(dir, "servers"))
	if err != nil {
		SkipOrFail(t, fmt.Errorf("no slapd and no Prosody: %w", err))
	}
	return root
}

// Path returns where a file of that system is in this one.
func (r *Root) Path(elem ...string) string {
	return filepath.Join(slices.Concat([]string{r.dir}, elem)...)
}

// LibDir returns the folder of the libraries of this machine's kind, where
// programs keep their modules.
func (r *Root) LibDir(elem ...string) string {
	return r.Path(slices.Concat([]string{"usr", "lib", r.multiarch}, elem)...)
}

// argv returns how a program of that system is called.
func (r *Root) argv(program ...string) []string {
	return []string{r.loader, "--library-path", r.LibDir() + ":" + r.Path("lib", r.multiarch), r.Path(program...)}
}

// Command prepares a program of that system, such as "usr/sbin/slapd". What it
// starts itself runs as any other program of this machine.
func (r *Root) Command(ctx context.Context, program string, args ...string) *exec.Cmd {
	argv := slices.Concat(r.argv(program), args)
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

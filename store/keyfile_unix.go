//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// otherPermissions returns the rights that group and others have.
func otherPermissions(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() & 0o077 }

// openKeyFile does not wait, as to open a pipe would.
func openKeyFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// lockKeyFile waits until no other process rotates. The lock goes with the
// process that holds it, however that ends. It is on the file itself, which a
// rotation replaces: a lock on what is no longer the file is taken anew.
func lockKeyFile(path string) (unlock func(), err error) {
	for {
		file, err := openKeyFile(path)
		if err != nil {
			return nil, err
		}
		locked, err := lockIfCurrent(file, path)
		if locked {
			return func() { _ = file.Close() }, nil
		}
		_ = file.Close()
		if err != nil {
			return nil, err
		}
	}
}

// lockIfCurrent reports false when another file took the place of this one.
func lockIfCurrent(file *os.File, path string) (bool, error) {
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return false, fmt.Errorf("lock %s: %w", path, err)
	}
	locked, err := file.Stat()
	if err != nil {
		return false, err
	}
	current, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	return os.SameFile(locked, current), nil
}

// chownLike gives the file to the owner of info. It goes by the open file:
// whoever may write to the folder could put a link in the place of a name. The
// group has no rights, and only root may give a file to every group.
func chownLike(file *os.File, info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return file.Chown(int(owner.Uid), -1)
}

// syncDir makes a new name in the folder of path survive a power cut.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

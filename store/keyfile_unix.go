//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// otherPermissions returns the permissions of the group and of other users.
func otherPermissions(info fs.FileInfo) fs.FileMode { return info.Mode().Perm() & 0o077 }

// openKeyFile does not block, as opening a pipe would.
func openKeyFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// lockKeyFile waits until no other process rotates. The lock ends with the process
// that holds it. It is on the file itself, which a rotation replaces: a lock on a
// replaced file is taken again.
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

// lockIfCurrent returns false if the file at path was replaced.
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

// chownLike gives the file to the owner of info. It uses the open file: a user with
// write access to the folder could replace the name with a link. The group has no
// permissions, and only root can set any group.
func chownLike(file *os.File, info fs.FileInfo) error {
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return file.Chown(int(owner.Uid), -1)
}

// syncDir makes a new name in the folder of path durable.
func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return dir.Sync()
}

package asteriskconf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// Asterisk's group can read modeConf files. Only the owner can read modePrivate
// files and the state folder.
const (
	modeConf    fs.FileMode = 0o640
	modePrivate fs.FileMode = 0o600
	modeState   fs.FileMode = 0o700
)

// disk accesses the configuration folder. Paths are relative to it, and no
// symlink leads out of it: root often applies in a folder that belongs to the
// user of Asterisk.
type disk struct {
	dir string
	// syscallHook, if set, is called before the system calls, with the name and path
	// of each. The call fails with its error. Tests stop the process there, or make
	// the disk fail.
	syscallHook func(call, path string) error
}

func (d disk) callHook(call, path string) error {
	if d.syscallHook == nil {
		return nil
	}
	return d.syscallHook(call, path)
}

// withRoot calls fn, which makes that system call, with the open folder.
func (d disk) withRoot(call, path string, fn func(root *os.Root) error) (err error) {
	if err := d.callHook(call, path); err != nil {
		return err
	}
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return fn(root)
}

// owner is the owner of a file.
type owner struct{ uid, gid int }

func ownerOf(info fs.FileInfo) owner {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{os.Getuid(), os.Getgid()}
	}
	return owner{int(stat.Uid), int(stat.Gid)}
}

// stat returns the file info of path.
func (d disk) stat(path string) (info fs.FileInfo, err error) {
	err = d.withRoot("stat", path, func(root *os.Root) error {
		info, err = root.Stat(path)
		return err
	})
	return info, err
}

// notExist reports whether path does not exist.
func (d disk) notExist(path string) bool {
	err := d.withRoot("lstat", path, func(root *os.Root) error {
		_, err := root.Lstat(path)
		return err
	})
	return errors.Is(err, fs.ErrNotExist)
}

// read returns the content of a file, or nil if it does not exist. It returns
// an error for an irregular or oversized file.
func (d disk) read(path string) (content []byte, err error) {
	err = d.withRoot("read", path, func(root *os.Root) error {
		f, err := root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > dialect.DefaultMaxBytes {
			return fmt.Errorf("%s is not a regular file or is too large; remove it and apply again", path)
		}
		content, err = io.ReadAll(io.LimitReader(f, dialect.DefaultMaxBytes))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return content, err
}

// create writes a new file with its owner and mode and syncs it. It replaces a
// leftover file.
func (d disk) create(path string, content []byte, mode fs.FileMode, fileOwner owner) error {
	if err := d.remove(path); err != nil {
		return err
	}
	return d.withRoot("create", path, func(root *os.Root) error {
		f, err := root.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode&modePrivate)
		if err != nil {
			return err
		}
		if err := d.writeAndSync(f, path, content, mode, fileOwner); err != nil {
			return errors.Join(err, f.Close(), root.Remove(path))
		}
		return f.Close()
	})
}

func (d disk) writeAndSync(f *os.File, path string, content []byte, mode fs.FileMode, fileOwner owner) error {
	if err := d.callHook("write", path); err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := chown(f, fileOwner); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := d.callHook("fsync", path); err != nil {
		return err
	}
	return f.Sync()
}

// chown sets the owner. Only root can change the user; another user can set a
// group that it belongs to.
func chown(f *os.File, want owner) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if ownerOf(info) == want {
		return nil
	}
	err = f.Chown(want.uid, want.gid)
	if errors.Is(err, fs.ErrPermission) {
		err = f.Chown(-1, want.gid)
	}
	if err != nil {
		return fmt.Errorf("cannot change the owner of %s to the owner of Asterisk's files (uid %d, gid %d); run as root or as that user: %w",
			filepath.Base(f.Name()), want.uid, want.gid, err)
	}
	return nil
}

// replace replaces a file atomically: a reader sees the old or the new content.
func (d disk) replace(path string, content []byte, mode fs.FileMode, fileOwner owner) error {
	candidate := candidatePath(path)
	if err := d.create(candidate, content, mode, fileOwner); err != nil {
		return err
	}
	return d.rename(candidate, path)
}

// candidatePath returns the path of the next content of a file. The dot hides
// it from every "*.conf" that Asterisk includes.
func candidatePath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// rename renames a file within one folder and syncs the folder.
func (d disk) rename(from, to string) error {
	err := d.withRoot("rename", to, func(root *os.Root) error {
		return root.Rename(from, to)
	})
	if err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(to))
}

// remove deletes a file. A missing file is not an error.
func (d disk) remove(path string) error {
	if d.notExist(path) {
		return nil
	}
	return d.withRoot("unlink", path, func(root *os.Root) error {
		if err := root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// removeAll deletes a folder of the state.
func (d disk) removeAll(path string) error {
	return d.withRoot("unlink", path, func(root *os.Root) error {
		return root.RemoveAll(path)
	})
}

// mkdir creates a folder of the state if it does not exist.
func (d disk) mkdir(path string, fileOwner owner) error {
	err := d.withRoot("mkdir", path, func(root *os.Root) error {
		if err := root.Mkdir(path, modeState); err != nil || os.Getuid() != 0 {
			return err
		}
		return root.Lchown(path, fileOwner.uid, fileOwner.gid)
	})
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// touch sets the modification time of a file.
func (d disk) touch(path string, at time.Time) error {
	return d.withRoot("utimes", path, func(root *os.Root) error { return root.Chtimes(path, at, at) })
}

// syncDir makes renames and removals in a folder durable.
func (d disk) syncDir(path string) error {
	return d.withRoot("fsync", path, func(root *os.Root) error {
		f, err := root.Open(path)
		if err != nil {
			return err
		}
		return errors.Join(f.Sync(), f.Close())
	})
}

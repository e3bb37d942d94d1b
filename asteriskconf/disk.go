package asteriskconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Modes of what we write. Files that Asterisk reads are readable by its
// group; what only we read is closed to all others.
const (
	modeConf    fs.FileMode = 0o640
	modePrivate fs.FileMode = 0o600
	modeState   fs.FileMode = 0o700
)

// disk makes every change to the file system, so that a test can stop the
// process before each one.
type disk struct {
	// before, when set, is called ahead of every system call that changes
	// something, with its name and the path.
	before func(call, path string)
}

func (d disk) note(call, path string) {
	if d.before != nil {
		d.before(call, path)
	}
}

// owner is who a file belongs to.
type owner struct{ uid, gid int }

// ownerOf returns the owner of what stands at path.
func ownerOf(path string) (owner, error) {
	info, err := os.Stat(path)
	if err != nil {
		return owner{}, err
	}
	return ownerOfInfo(info), nil
}

func ownerOfInfo(info fs.FileInfo) owner {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return owner{os.Getuid(), os.Getgid()}
	}
	return owner{int(stat.Uid), int(stat.Gid)}
}

// create writes a new file at path, which is on disk, with its owner and
// mode, when create returns. A leftover of an earlier try is replaced.
func (d disk) create(path string, content []byte, mode fs.FileMode, who owner) (err error) {
	if err := d.remove(path); err != nil {
		return err
	}
	d.note("create", path)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode&modePrivate)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(path))
		}
	}()
	d.note("write", path)
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := giveTo(f, who); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	d.note("fsync", path)
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// giveTo hands the file to its owner. Only root may give a file away; another
// user who owns the folder's group can at least give it to that group.
func giveTo(f *os.File, who owner) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if ownerOfInfo(info) == who {
		return nil
	}
	err = f.Chown(who.uid, who.gid)
	if errors.Is(err, fs.ErrPermission) {
		err = f.Chown(-1, who.gid)
	}
	if err != nil {
		return fmt.Errorf("%s cannot be given to the owner of Asterisk's files (uid %d, gid %d); run as root or as that user: %w",
			filepath.Base(f.Name()), who.uid, who.gid, err)
	}
	return nil
}

// replace puts content at path in one step: a reader sees the old or the new,
// whole.
func (d disk) replace(path string, content []byte, mode fs.FileMode, who owner) error {
	candidate := candidatePath(path)
	if err := d.create(candidate, content, mode, who); err != nil {
		return err
	}
	if err := d.rename(candidate, path); err != nil {
		return err
	}
	return d.syncDir(filepath.Dir(path))
}

// candidatePath is where the next content of path waits. The dot keeps it out
// of every "*.conf" that Asterisk includes.
func candidatePath(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

func (d disk) rename(from, to string) error {
	d.note("rename", to)
	return os.Rename(from, to)
}

// remove deletes path; that nothing is there is no error.
func (d disk) remove(path string) error {
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	d.note("unlink", path)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// removeTree deletes a folder of our own state.
func (d disk) removeTree(path string) error {
	d.note("unlink", path)
	return os.RemoveAll(path)
}

// mkdir makes a folder of our own state, if it is not there.
func (d disk) mkdir(path string, who owner) error {
	d.note("mkdir", path)
	err := os.Mkdir(path, modeState)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil || os.Getuid() != 0 {
		return err
	}
	return os.Chown(path, who.uid, who.gid)
}

// syncDir makes renames and removals in a folder durable.
func (d disk) syncDir(path string) error {
	d.note("fsync", path)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// readFile returns the content of path, and nil when there is no such file.
func readFile(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if content == nil && err == nil {
		content = []byte{}
	}
	return content, err
}

package asteriskconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/pbxusers/pbxusers/store"
)

// lock locks the folder for one apply, install, rollback or recovery at a time,
// across processes. The kernel releases the lock when the process ends.
func (d *ConfigDir) lock() (unlock func(), err error) {
	if err := d.disk.mkdir(d.statePath(), d.owner); err != nil {
		return nil, err
	}
	var file *os.File
	path := d.statePath("lock")
	err = d.disk.withRoot("create", path, func(root *os.Root) error {
		file, err = root.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NONBLOCK, modePrivate)
		return err
	})
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("the state folder belongs to another user; run as that user or as root: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		err = file.Chown(d.owner.uid, d.owner.gid)
	}
	if err == nil {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = &store.ConflictError{Reason: "another apply is running in this configuration folder; try again later"}
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() {
		// A process that another goroutine is starting holds a copy of the
		// descriptor for a moment. Closing ours would not release the lock
		// then.
		_ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
		_ = file.Close()
	}, nil
}

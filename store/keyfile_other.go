//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package store

import (
	"io/fs"
	"os"
)

// Modes, owners, flock and syncing folders exist only on Unix. On other systems,
// protect the folder of the key file, and rotate keys in one process at a time.

func otherPermissions(fs.FileInfo) fs.FileMode { return 0 }

func lockKeyFile(string) (unlock func(), err error) { return func() {}, nil }

func openKeyFile(path string) (*os.File, error) { return os.Open(path) }

func chownLike(*os.File, fs.FileInfo) error { return nil }

func syncDir(string) error { return nil }

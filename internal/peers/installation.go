package peers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
)

// oldestAsterisk is the first major version that this module supports.
const oldestAsterisk = 18

// peersEnv names the environment variable that moves the folder into which
// `make peers` installs.
const peersEnv = "PBXUSERS_PEERS"

// installation is an Asterisk on this machine that can be run.
type installation struct {
	// argv is how the program is called, before its own arguments.
	argv []string
	// modules and data are the folders to name in asterisk.conf; empty where
	// the program knows them.
	modules, data string
}

// findAsterisk returns the Asterisk of this machine when it is new enough,
// else the one that `make peers` installed.
func findAsterisk(ctx context.Context) (*installation, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the tests with a real Asterisk run on Linux only")
	}
	if path, ok := systemAsterisk(); ok {
		found := &installation{argv: []string{path}}
		if major, err := found.major(ctx); err == nil && major >= oldestAsterisk {
			return found, nil
		}
	}
	folder, err := peersFolder()
	if err != nil {
		return nil, err
	}
	found, err := inRoot(filepath.Join(folder, "asterisk"))
	if err != nil {
		return nil, fmt.Errorf("no Asterisk %d or newer on PATH, and %w", oldestAsterisk, err)
	}
	if _, err := found.major(ctx); err != nil {
		return nil, err
	}
	return found, nil
}

// systemAsterisk returns the program on PATH, or in the folder where packages
// put it, which is not on the PATH of an ordinary person.
func systemAsterisk() (path string, ok bool) {
	for _, name := range []string{"asterisk", "/usr/sbin/asterisk"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, true
		}
	}
	return "", false
}

// peersFolder returns the folder into which `make peers` installs.
func peersFolder() (string, error) {
	if folder := os.Getenv(peersEnv); folder != "" {
		return filepath.Abs(folder)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("the folder of test peers is not known: %w", err)
	}
	return filepath.Join(cache, "pbxusers"), nil
}

// inRoot returns the Asterisk of the Debian system that is installed in folder.
func inRoot(folder string) (*installation, error) {
	root, err := openRoot(folder)
	if err != nil {
		return nil, err
	}
	return &installation{
		argv:    root.argv("usr", "sbin", "asterisk"),
		modules: root.Libraries("asterisk", "modules"),
		data:    root.Path("usr", "share", "asterisk"),
	}, nil
}

// command prepares the program with the given arguments.
func (i *installation) command(ctx context.Context, args ...string) *exec.Cmd {
	argv := slices.Concat(i.argv, args)
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

// program returns the path of the program itself, for messages.
func (i *installation) program() string { return i.argv[len(i.argv)-1] }

var versionLine = regexp.MustCompile(`^Asterisk (?:certified[/-])?(\d+)\.`)

// major asks the program for its version, which proves too that it runs here.
func (i *installation) major(ctx context.Context) (int, error) {
	out, err := i.command(ctx, "-V").Output()
	if err != nil {
		return 0, fmt.Errorf("%s does not run: %w", i.program(), err)
	}
	found := versionLine.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%s says no version", i.program())
	}
	return strconv.Atoi(string(found[1]))
}

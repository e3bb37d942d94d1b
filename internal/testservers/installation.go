package testservers

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

// minAsteriskVersion is the first major version that this module supports.
const minAsteriskVersion = 18

// dirEnv names the environment variable that moves the folder into which
// `make testservers` installs.
const dirEnv = "PBXUSERS_TESTSERVERS"

// installation is an Asterisk on this machine that can be run.
type installation struct {
	// argv is how the program is called, before its own arguments.
	argv []string
	// modules and data are the folders to name in asterisk.conf; empty where
	// the program knows them.
	modules, data string
}

// findAsterisk returns the Asterisk of this machine when it is new enough,
// else the one that `make testservers` installed.
func findAsterisk(ctx context.Context) (*installation, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("the tests with a real Asterisk run on Linux only")
	}
	if path, ok := systemAsterisk(); ok {
		inst := &installation{argv: []string{path}}
		if major, err := inst.majorVersion(ctx); err == nil && major >= minAsteriskVersion {
			return inst, nil
		}
	}
	dir, err := installDir()
	if err != nil {
		return nil, err
	}
	inst, err := installationInRoot(filepath.Join(dir, "asterisk"))
	if err != nil {
		return nil, fmt.Errorf("no Asterisk %d or newer on PATH, and %w", minAsteriskVersion, err)
	}
	if _, err := inst.majorVersion(ctx); err != nil {
		return nil, err
	}
	return inst, nil
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

// installDir returns the folder into which `make testservers` installs.
func installDir() (string, error) {
	if dir := os.Getenv(dirEnv); dir != "" {
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cannot find the folder of the test servers: %w", err)
	}
	return filepath.Join(cache, "pbxusers"), nil
}

// installationInRoot returns the Asterisk of the Debian system that is installed in folder.
func installationInRoot(dir string) (*installation, error) {
	root, err := openRoot(dir)
	if err != nil {
		return nil, err
	}
	return &installation{
		argv:    root.argv("usr", "sbin", "asterisk"),
		modules: root.LibDir("asterisk", "modules"),
		data:    root.Path("usr", "share", "asterisk"),
	}, nil
}

// command prepares the program with the given arguments.
func (i *installation) command(ctx context.Context, args ...string) *exec.Cmd {
	argv := slices.Concat(i.argv, args)
	return exec.CommandContext(ctx, argv[0], argv[1:]...)
}

// path returns the path of the program itself, for messages.
func (i *installation) path() string { return i.argv[len(i.argv)-1] }

var versionLine = regexp.MustCompile(`^Asterisk (?:certified[/-])?(\d+)\.`)

// majorVersion asks the program for its version, which proves too that it runs here.
func (i *installation) majorVersion(ctx context.Context) (int, error) {
	out, err := i.command(ctx, "-V").Output()
	if err != nil {
		return 0, fmt.Errorf("%s does not run: %w", i.path(), err)
	}
	found := versionLine.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("%s says no version", i.path())
	}
	return strconv.Atoi(string(found[1]))
}

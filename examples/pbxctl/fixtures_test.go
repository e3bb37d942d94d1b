package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/internal/sqlitetest"
	"github.com/pbxusers/pbxusers/internal/testservers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

// ourFile is the path of the pbxusers file in a configuration folder of Debian.
const ourFile = "manager.d/pbxusers_manager.conf"

// ctl runs command lines on one installation: a configuration folder, a folder
// with the database, and perhaps an Asterisk.
type ctl struct {
	confDir string
	dataDir string
	// flags are the global flags of every command line.
	flags []string
	stdin string
}

// run runs a command line as main does, with cheap password hashing.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return (&cli{stdin: stdin, stdout: stdout, stderr: stderr, options: cheapHashing()}).execute(ctx, args)
}

// cheapHashing are options with cheap password hashing.
func cheapHashing() app.Options {
	return app.Options{
		Administrators: func(o *ampusers.Options) { o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1} },
		Users:          func(o *userman.Options) { o.Argon2 = credential.Argon2{Memory: 64, Time: 1, Threads: 1} },
	}
}

// result is the result of one command line.
type result struct {
	code           int
	stdout, stderr string
}

// onAsterisk is an installation with a running Asterisk.
func onAsterisk(t *testing.T, opts *testservers.AsteriskOptions) (*ctl, *testservers.Asterisk) {
	t.Helper()
	asterisk := testservers.StartAsterisk(t, opts)
	return newCtl(t, asterisk.ConfDir, "--asterisk", strings.Join(asterisk.Command(), " ")), asterisk
}

// offline is an installation without an Asterisk, with a configuration folder of
// Debian.
func offline(t *testing.T) *ctl {
	t.Helper()
	c := newCtl(t, t.TempDir(), "--ami", "none")
	c.write(t, "manager.conf", "[general]\nenabled = yes\nbindaddr = 127.0.0.1\n\n#include \"manager.d/*.conf\"\n")
	c.write(t, "manager.d/README.conf", "; Files *.conf in this folder are read.\n")
	return c
}

// newCtl is an installation with a database.
func newCtl(t *testing.T, confDir string, flags ...string) *ctl {
	t.Helper()
	c := &ctl{confDir: confDir, dataDir: t.TempDir()}
	c.flags = append([]string{"--conf-dir", confDir, "--db", "sqlite:" + c.data("pbxusers.db")}, flags...)
	_, err := store.OpenKeyring(c.data("pbxusers.key"))
	require.NoError(t, err)
	sqlitetest.Create(t, c.data("pbxusers.db"))
	return c
}

// withoutDatabase removes the database, as before the first use.
func (c *ctl) withoutDatabase(t *testing.T) *ctl {
	t.Helper()
	require.NoError(t, os.Remove(c.data("pbxusers.db")))
	require.NoError(t, os.Remove(c.data("pbxusers.key")))
	return c
}

// copy is another installation, with a copy of the database.
func (c *ctl) copy(t *testing.T) *ctl {
	t.Helper()
	other := &ctl{confDir: c.confDir, dataDir: t.TempDir()}
	other.flags = slices.Concat(c.flags, []string{"--db", "sqlite:" + other.data("pbxusers.db")})
	for _, name := range []string{"pbxusers.db", "pbxusers.key"} {
		content, err := os.ReadFile(c.data(name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(other.data(name), content, 0o600))
	}
	return other
}

// data is the path of a file beside the database.
func (c *ctl) data(name string) string { return filepath.Join(c.dataDir, name) }

// withFlags is the same installation with more global flags, which override.
func (c *ctl) withFlags(flags ...string) *ctl {
	other := *c
	other.flags = slices.Concat(c.flags, flags)
	return &other
}

// withStdin is the same installation with text on standard input.
func (c *ctl) withStdin(stdin string) *ctl {
	other := *c
	other.stdin = stdin
	return &other
}

func (c *ctl) run(t *testing.T, args ...string) result {
	t.Helper()
	return runLine(t, c.stdin, slices.Concat(c.flags, args)...)
}

func runLine(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, strings.NewReader(stdin), &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// do runs a command line that succeeds, and returns its output.
func (c *ctl) do(t *testing.T, args ...string) string {
	t.Helper()
	o := c.run(t, args...)
	require.Equal(t, exitOK, o.code, "%v: %s", args, o.stderr)
	require.Empty(t, o.stderr, "%v", args)
	return o.stdout
}

// json runs a command line that succeeds and prints one JSON document.
func (c *ctl) json(t *testing.T, args ...string) map[string]any {
	t.Helper()
	return decoded(t, c.do(t, append(args, "--json")...))
}

func decoded(t *testing.T, text string) map[string]any {
	t.Helper()
	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &document), text)
	return document
}

// complete returns the completions of the last word.
func (c *ctl) complete(t *testing.T, words ...string) []string {
	t.Helper()
	o := runLine(t, "", slices.Concat([]string{"__complete"}, c.flags, words)...)
	require.Equal(t, exitOK, o.code, o.stderr)
	lines := strings.Split(strings.TrimSpace(o.stdout), "\n")
	return lines[:len(lines)-1] // the last one is cobra's directive
}

// page is a list of records as it is printed.
type page struct {
	Items []struct {
		Name string `json:"name"`
	} `json:"items"`
	Next string `json:"next"`
}

func (p page) names() []string {
	names := []string{}
	for _, item := range p.Items {
		names = append(names, item.Name)
	}
	return names
}

// page runs a command line that prints a list and nothing else.
func (c *ctl) page(t *testing.T, args ...string) page {
	t.Helper()
	text := c.do(t, append(args, "--json")...)
	var p page
	require.NoError(t, json.Unmarshal([]byte(text), &p), text)
	document := decoded(t, text)
	require.Len(t, document, 2)
	require.Contains(t, document, "items")
	require.Contains(t, document, "next")
	return p
}

// fails runs a command line that exits with code, and returns its errors.
func (c *ctl) fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	o := c.run(t, args...)
	require.Equal(t, code, o.code, "%v: %s%s", args, o.stdout, o.stderr)
	require.NotEmpty(t, o.stderr, "%v", args)
	return o.stderr
}

// read returns a file of the configuration folder.
func (c *ctl) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(c.confDir, name))
	require.NoError(t, err)
	return string(content)
}

// write writes a file of the configuration folder.
func (c *ctl) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(c.confDir, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o640))
}

// snapshot is everything below a folder, with modes.
func snapshot(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		if info.Mode().IsRegular() {
			read, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			content = string(read)
		}
		files[path] = info.Mode().String() + " " + content
		return nil
	}))
	return files
}

var secretRow = regexp.MustCompile(`(?m)^secret +(\S+) +\(shown only once\)$`)

// shownSecret finds the secret in text output.
func shownSecret(t *testing.T, text string) string {
	t.Helper()
	found := secretRow.FindStringSubmatch(text)
	require.NotNil(t, found, text)
	return found[1]
}

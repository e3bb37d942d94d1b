//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestOpenKeyring_createsKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	first, err := store.OpenKeyring(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	requireNoOtherFiles(t, path)

	again, err := store.OpenKeyring(path)
	require.NoError(t, err)
	opened, err := again.Open(first.Seal([]byte(hunter2), sealContext), sealContext)
	require.NoError(t, err)
	require.Equal(t, hunter2, string(opened))
}

// requireNoOtherFiles requires that no other files were left beside path.
func requireNoOtherFiles(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, filepath.Base(path), entries[0].Name())
}

func TestOpenKeyring_requiresDirectory(t *testing.T) {
	t.Parallel()
	_, err := store.OpenKeyring(filepath.Join(t.TempDir(), "missing", "keys"))
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestOpenKeyring_createsOneKeyFileConcurrently(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyrings := make([]*store.Keyring, 16)
	runConcurrently(len(keyrings), func(i int) {
		keyrings[i], _ = store.OpenKeyring(path)
	})
	sealed := keyrings[0].Seal([]byte(hunter2), sealContext)
	for _, keyring := range keyrings {
		require.NotNil(t, keyring)
		require.True(t, keyring.IsPrimary(sealed), "all have the same primary key")
		_, err := keyring.Open(sealed, sealContext)
		require.NoError(t, err)
	}
	requireNoOtherFiles(t, path)
}

// runConcurrently runs fn n times, as concurrently as possible.
func runConcurrently(n int, fn func(i int)) {
	var done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		done.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	done.Wait()
}

// TestMain lets the test binary run as the other processes of the test below.
func TestMain(m *testing.M) {
	path := os.Getenv("PBXUSERS_TEST_KEY_FILE")
	if path == "" {
		m.Run()
		return
	}
	keyring, err := store.OpenKeyring(path)
	if err != nil {
		panic(err)
	}
	fmt.Print(keyring)
}

func TestOpenKeyring_createsOneKeyFileAcrossProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	outputs, errs := make([]string, 4), make([]error, 4)
	runConcurrently(len(outputs), func(i int) {
		process := exec.CommandContext(t.Context(), os.Args[0])
		process.Env = append(os.Environ(), "PBXUSERS_TEST_KEY_FILE="+path)
		output, err := process.Output()
		outputs[i], errs[i] = string(output), err
	})
	require.NoError(t, errors.Join(errs...))
	for _, output := range outputs {
		require.NotEmpty(t, output)
		require.Equal(t, outputs[0], output)
	}
}

func TestOpenKeyring_rejectsGroupOrWorldReadableFile(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o644, 0o610, 0o602} {
		path := filepath.Join(t.TempDir(), "keys")
		_, err := store.OpenKeyring(path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, mode))
		_, err = store.OpenKeyring(path)
		var keyFileErr *store.KeyFileError
		require.ErrorAs(t, err, &keyFileErr)
		require.Equal(t, path, keyFileErr.Path)
		require.Contains(t, err.Error(), "chmod 600")
	}
}

func TestOpenKeyring_acceptsReadOnlyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	_, err := store.OpenKeyring(path)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(path, 0o400))
	_, err = store.OpenKeyring(path)
	require.NoError(t, err)
}

func TestOpenKeyring_rejectsMalformedFile(t *testing.T) {
	t.Parallel()
	line := "a " + strings.Repeat("QUFB", 10) + "QUE=\n" // 32 bytes
	for name, text := range map[string]string{
		"empty":           "",
		"comments only":   "# nothing\n\n",
		"cut":             line[:20],
		"short key":       "a QUFB\n",
		"no key":          "a\n",
		"no id":           strings.TrimPrefix(line, "a"),
		"bad id":          "a;b" + line[1:],
		"same id":         line + line,
		"not base64":      "a ****\n",
		"two keys a line": strings.TrimSuffix(line, "\n") + " " + line,
		"binary":          "\x00\x01\x02\xff",
		"too large":       strings.Repeat("#", 70<<10),
	} {
		path := filepath.Join(t.TempDir(), "keys")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := store.OpenKeyring(path)
		var keyFileErr *store.KeyFileError
		require.ErrorAs(t, err, &keyFileErr, name)
		require.NotContains(t, err.Error(), "QUFB", name)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(after), "%s: a rejected file is unchanged", name)
	}
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte("# a comment\r\n\r\n"+strings.ReplaceAll(line, "\n", "\r\n")), 0o600))
	_, err := store.OpenKeyring(path)
	require.NoError(t, err, "a good file stays good with CRLF")
}

func TestOpenKeyring_rejectsIrregularFile(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	for _, path := range []string{t.TempDir(), pipe} {
		_, err := store.OpenKeyring(path)
		var keyFileErr *store.KeyFileError
		require.ErrorAs(t, err, &keyFileErr)
	}
}

func TestKeyring_Rotate_addsPrimaryKeepsOldKeys(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	before := keyring.Seal([]byte(hunter2), sealContext)
	require.NoError(t, keyring.Rotate())
	after := keyring.Seal([]byte(hunter2), sealContext)
	require.False(t, keyring.IsPrimary(before))

	reopened, err := store.OpenKeyring(path)
	require.NoError(t, err)
	for _, sealed := range [][]byte{before, after} {
		for _, k := range []*store.Keyring{keyring, reopened} {
			opened, err := k.Open(sealed, sealContext)
			require.NoError(t, err)
			require.Equal(t, hunter2, string(opened))
		}
	}
	require.True(t, reopened.IsPrimary(after))
	requireNoOtherFiles(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
}

func TestKeyring_Open_reloadsAfterExternalRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	server, err := store.OpenKeyring(path)
	require.NoError(t, err)
	tool, err := store.OpenKeyring(path)
	require.NoError(t, err)
	require.NoError(t, tool.Rotate())
	sealed := tool.Seal([]byte(hunter2), sealContext)
	opened, err := server.Open(sealed, sealContext)
	require.NoError(t, err)
	require.Equal(t, hunter2, string(opened))
	require.True(t, server.IsPrimary(sealed))
}

func TestKeyring_Seal_usesNewKeyAfterExternalRotation(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	server, err := store.OpenKeyring(path)
	require.NoError(t, err)
	before := server.Seal([]byte(hunter2), sealContext)
	tool, err := store.OpenKeyring(path)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, tool.Rotate())
		require.False(t, server.IsPrimary(before), "a Reseal of the server has work to do")
		require.True(t, tool.IsPrimary(server.Seal([]byte(hunter2), sealContext)))
	}
}

func TestKeyring_Seal_survivesMissingOrBrokenKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	for _, corrupt := range []func() error{
		func() error { return os.WriteFile(path, []byte("broken"), 0o600) },
		func() error { return os.Remove(path) },
	} {
		require.NoError(t, corrupt())
		sealed := keyring.Seal([]byte(hunter2), sealContext)
		require.True(t, keyring.IsPrimary(sealed))
		opened, err := keyring.Open(sealed, sealContext)
		require.NoError(t, err)
		require.Equal(t, hunter2, string(opened))
	}
}

func TestKeyring_Rotate_doesNotBlockOnPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	var keyFileErr *store.KeyFileError
	require.ErrorAs(t, keyring.Rotate(), &keyFileErr)
}

func TestKeyring_Rotate_keepsKeysWhenConcurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	sealed, errs := make([][]byte, 8), make([]error, 8)
	runConcurrently(len(sealed), func(i int) {
		keyring, err := store.OpenKeyring(path)
		if err == nil {
			err = keyring.Rotate()
			sealed[i] = keyring.Seal([]byte(hunter2), sealContext)
		}
		errs[i] = err
	})
	require.NoError(t, errors.Join(errs...))
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	for _, s := range sealed {
		_, err := keyring.Open(s, sealContext)
		require.NoError(t, err)
	}
	requireNoOtherFiles(t, path)
}

func TestKeyring_Rotate_followsSymlink(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	_, err := store.OpenKeyring(path)
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(path, link))
	keyring, err := store.OpenKeyring(link)
	require.NoError(t, err)
	require.NoError(t, keyring.Rotate())
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.Equal(t, fs.ModeSymlink, info.Mode().Type())
	behind, err := store.OpenKeyring(path)
	require.NoError(t, err)
	require.Equal(t, keyring.String(), behind.String())
}

func TestKeyring_Rotate_requiresKeyFile(t *testing.T) {
	t.Parallel()
	require.Error(t, newKeyring(t, store.GenerateKey()).Rotate())
}

func TestKeyring_Rotate_leavesMalformedFileUnchanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	name := keyring.String()
	require.NoError(t, os.WriteFile(path, []byte("broken"), 0o600))
	require.Error(t, keyring.Rotate())
	require.Equal(t, name, keyring.String())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "broken", string(text))
}

func TestKeyring_DropOldKeys_leavesPrimary(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	before := keyring.Seal([]byte(hunter2), sealContext)
	require.NoError(t, keyring.Rotate())
	after := keyring.Seal([]byte(hunter2), sealContext)
	require.NoError(t, keyring.DropOldKeys(keyring.PrimaryID()))

	reopened, err := store.OpenKeyring(path)
	require.NoError(t, err)
	for _, k := range []*store.Keyring{keyring, reopened} {
		_, err := k.Open(after, sealContext)
		require.NoError(t, err)
		_, err = k.Open(before, sealContext)
		require.ErrorAs(t, err, new(*store.UnknownKeyError))
	}
	requireNoOtherFiles(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
}

func TestKeyring_DropOldKeys_rejectsOtherPrimary(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	keyring, err := store.OpenKeyring(path)
	require.NoError(t, err)
	primary := keyring.PrimaryID()
	other, err := store.OpenKeyring(path)
	require.NoError(t, err)
	require.NoError(t, other.Rotate())
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.ErrorIs(t, keyring.DropOldKeys(primary), store.ErrConflict)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(text), string(after))
}

func TestKeyring_DropOldKeys_requiresKeyFile(t *testing.T) {
	t.Parallel()
	keyring := newKeyring(t, store.GenerateKey())
	require.Error(t, keyring.DropOldKeys(keyring.PrimaryID()))
}

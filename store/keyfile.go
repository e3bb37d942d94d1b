package store

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxKeyFileSize is the maximum size of a key file, enough for 700 keys.
const maxKeyFileSize = 64 << 10

const keyFileHeader = `# Keys of pbxusers. The first one seals, all of them open. Keep this file
# secret, and keep a copy of it apart from the database: what is sealed cannot
# be read without it. One key a line: its id, a space, 32 bytes in base64.
`

// KeyFileError is the error of an unusable key file.
type KeyFileError struct {
	Path string
	// Reason is one sentence: the error and the remedy.
	Reason string
}

func (e *KeyFileError) Error() string { return "key file " + e.Path + ": " + e.Reason }

// OpenKeyring reads the key file at path. If there is no file, it creates one with
// a random key and mode 0600, atomically: processes that start at the same time use
// the same key. It returns a [KeyFileError] if other users can read the file or if
// the file is damaged.
func OpenKeyring(path string) (*Keyring, error) {
	set, err := readKeyFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = createKeyFile(path, GenerateKey()); err == nil {
			set, err = readKeyFile(path)
		}
	}
	if err != nil {
		return nil, err
	}
	k := &Keyring{path: path}
	k.keys.Store(set)
	return k, nil
}

// Rotate adds a new random key to the key file and makes it the primary key. Older
// keys still decrypt their values. The file is replaced atomically, and several
// processes may rotate at the same time. After a rotation, encrypt everything again
// (Reencrypt of the backend), and only then call [Keyring.DropOldKeys]. Rotate
// returns an error for a keyring of [NewKeyring], which has no file.
func (k *Keyring) Rotate() error {
	return k.editKeyFile("rotate keys", func(keys []Key) ([]Key, error) {
		return append([]Key{GenerateKey()}, keys...), nil
	})
}

// PrimaryID returns the ID of the primary key in the current key file.
func (k *Keyring) PrimaryID() string { return k.currentKeys().primary.id }

// DropOldKeys removes all keys but the primary one from the key file. Values that
// they encrypted are lost, so encrypt everything again first. It changes nothing
// and returns an error wrapping [ErrConflict] if the primary key is not primaryID:
// another process has rotated the keys.
func (k *Keyring) DropOldKeys(primaryID string) error {
	return k.editKeyFile("drop old keys", func(keys []Key) ([]Key, error) {
		if keys[0].ID != primaryID {
			return nil, &ConflictError{Reason: "another process has rotated the keys; rotate them again"}
		}
		return keys[:1], nil
	})
}

// editKeyFile replaces the keys of the file under a lock.
func (k *Keyring) editKeyFile(operation string, edit func(keys []Key) ([]Key, error)) error {
	if k.path == "" {
		return errors.New("this keyring has no key file; create a new keyring with the new keys")
	}
	k.rotateMu.Lock()
	defer k.rotateMu.Unlock()
	// A symbolic link is followed: its target is replaced.
	path, err := filepath.EvalSymlinks(k.path)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	unlock, err := lockKeyFile(path)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	defer unlock()
	old, err := readKeyFile(path)
	if err != nil {
		return err
	}
	keys, err := edit(old.keys)
	if err != nil {
		return err
	}
	set, err := newKeySet(keys)
	if err != nil {
		return err
	}
	if err := replaceKeyFile(path, set.keys, old.fileInfo); err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	k.keys.Store(set)
	return nil
}

// currentKeys returns the keys of the current file, or the known keys if the file
// cannot be read. A value that was encrypted with the primary key of before a
// rotation would be lost with that key.
func (k *Keyring) currentKeys() *keySet {
	current := k.keys.Load()
	if k.path == "" {
		return current
	}
	if info, err := os.Stat(k.path); err != nil || current.sameFile(info) || k.reload() != nil {
		return current
	}
	return k.keys.Load()
}

// reload reads the key file again.
func (k *Keyring) reload() error {
	k.rotateMu.Lock()
	defer k.rotateMu.Unlock()
	set, err := readKeyFile(k.path)
	if err != nil {
		return err
	}
	k.keys.Store(set)
	return nil
}

func readKeyFile(path string) (*keySet, error) {
	file, err := openKeyFile(path)
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, &KeyFileError{path, "not a regular file; set another path"}
	}
	if others := otherPermissions(info); others != 0 {
		return nil, &KeyFileError{path, fmt.Sprintf("other users can read it (mode %04o); run chmod 600 on it, and rotate the keys if others may have read it", others)}
	}
	text, err := io.ReadAll(io.LimitReader(file, maxKeyFileSize+1))
	if err != nil {
		return nil, fmt.Errorf("open keyring: %w", err)
	}
	keys, err := parseKeys(text)
	if err != nil {
		return nil, &KeyFileError{path, err.Error()}
	}
	set, err := newKeySet(keys)
	if err != nil {
		return nil, &KeyFileError{path, err.Error() + "; restore a copy of the file"}
	}
	set.fileInfo = info
	return set, nil
}

// parseKeys parses a key file. Its errors contain nothing of the file.
func parseKeys(text []byte) ([]Key, error) {
	if len(text) > maxKeyFileSize {
		return nil, fmt.Errorf("it is larger than %d bytes and is not a key file", maxKeyFileSize)
	}
	var keys []Key
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, encoded, _ := strings.Cut(line, " ")
		secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil || len(secret) != KeySize {
			return nil, fmt.Errorf("line %d is not an id, a space and %d bytes in base64; restore a copy of the file", i+1, KeySize)
		}
		keys = append(keys, Key{ID: id, Secret: NewSecret(string(secret))})
	}
	return keys, nil
}

func formatKeys(keys []Key) []byte {
	text := bytes.NewBufferString(keyFileHeader)
	for _, key := range keys {
		fmt.Fprintf(text, "%s %s\n", key.ID, base64.StdEncoding.EncodeToString([]byte(key.Secret.Reveal())))
	}
	return text.Bytes()
}

// createKeyFile creates the file with one key. It returns no error if another
// process has created it: a hard link, unlike a rename, never replaces a file.
func createKeyFile(path string, key Key) error {
	temp, err := writeTempFile(path, formatKeys([]Key{key}), nil)
	if err != nil {
		return fmt.Errorf("make key file: %w", err)
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Link(temp, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make key file: %w", err)
	}
	return syncDir(path)
}

// replaceKeyFile replaces the file and keeps its owner: root may rotate the keys of
// a service of another user.
func replaceKeyFile(path string, keys []Key, old fs.FileInfo) error {
	temp, err := writeTempFile(path, formatKeys(keys), old)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp) }()
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(path)
}

// writeTempFile writes and syncs a file of mode 0600 in the folder of path, and
// returns its name. The file has the owner of the old file, if any.
func writeTempFile(path string, text []byte, old fs.FileInfo) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err == nil && old != nil {
		err = chownLike(file, old)
	}
	if err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

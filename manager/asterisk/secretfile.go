package asterisk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/pbxusers/pbxusers/store"
)

// secretFileMode lets only the owner read the file.
const secretFileMode fs.FileMode = 0o600

// SecretFileError means that the file with the secret of the account cannot be read.
// [Host.InitialApply] writes it.
type SecretFileError struct {
	Account string
	Err     error
}

func (e *SecretFileError) Error() string {
	return fmt.Sprintf("no secret for the AMI account %s: %v", e.Account, e.Err)
}

func (e *SecretFileError) Unwrap() error { return e.Err }

// readSecret reads the secret of the account that applies.
func (h *Host) readSecret() (store.Secret, error) {
	content, err := os.ReadFile(h.opts.SecretFile)
	if err != nil {
		return store.Secret{}, &SecretFileError{Account: h.opts.Account, Err: err}
	}
	return store.NewSecret(strings.TrimSpace(string(content))), nil
}

// saveSecret writes the secret file, unless it holds the secret and only its owner can
// read it.
func (h *Host) saveSecret(secret store.Secret) error {
	info, err := os.Stat(h.opts.SecretFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && info.Mode().Perm() == secretFileMode {
		saved, err := h.readSecret()
		if err != nil || saved.Equal(secret) {
			return err
		}
	}
	return writeSecret(h.opts.SecretFile, secret)
}

// writeSecret replaces the file atomically. renameio.WriteFile would keep the mode of
// the old file.
func writeSecret(path string, secret store.Secret) error {
	file, err := renameio.NewPendingFile(path, renameio.WithStaticPermissions(secretFileMode))
	if err != nil {
		return err
	}
	defer func() { _ = file.Cleanup() }()
	if _, err := file.WriteString(secret.Reveal() + "\n"); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}

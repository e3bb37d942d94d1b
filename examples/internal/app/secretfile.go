package app

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

// readAMISecret reads the secret of the account that applies.
func (s *Settings) readAMISecret() (store.Secret, error) {
	path, err := s.SecretPath()
	if err != nil {
		return store.Secret{}, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return store.Secret{}, WithHint(
			fmt.Errorf("no secret for the AMI account %s: %w", s.AMIUser, err),
			"Run 'pbxctl config install' on the Asterisk host, set --ami-secret-file, or use --ami none.",
		)
	}
	return store.NewSecret(strings.TrimSpace(string(content))), nil
}

// saveAMISecret writes the secret file, unless it holds the secret and only its
// owner can read it.
func (s *Settings) saveAMISecret(secret store.Secret) error {
	path, err := s.SecretPath()
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil && info.Mode().Perm() == secretFileMode {
		saved, err := s.readAMISecret()
		if err != nil || saved.Equal(secret) {
			return err
		}
	}
	return writeSecret(path, secret)
}

// writeSecret replaces the file atomically. renameio.WriteFile would keep the mode
// of the old file.
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

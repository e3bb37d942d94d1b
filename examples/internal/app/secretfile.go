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

// secretFileMode lets nobody but the owner in.
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
			"Run 'pbxctl config install' on the host of Asterisk, name the file with --ami-secret-file, or use --ami none.",
		)
	}
	return store.NewSecret(strings.TrimSpace(string(content))), nil
}

// saveAMISecret sees to it that the file holds the secret, and that only its
// owner reads it.
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

// writeSecret replaces the file whole. renameio.WriteFile would keep the mode
// of the file that it replaces.
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

package app

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// secretFileMode lets only the owner read the file.
const secretFileMode fs.FileMode = 0o600

// readCredentialFiles reads the password and the CA certificates of a connection
// from the files of the flags that begin with prefix. Without a path the password is
// zero, and the configuration nil, which stands for the default.
func readCredentialFiles(prefix, passwordFile, caFile string, log *slog.Logger) (store.Secret, *tls.Config, error) {
	password, err := readPasswordFile(passwordFile, prefix+"-password-file", log)
	if err != nil {
		return store.Secret{}, nil, err
	}
	trusted, err := loadCAFile(caFile, prefix+"-ca-file")
	return password, trusted, err
}

// readPasswordFile reads a password file. The password is zero without a path.
func readPasswordFile(path, flag string, log *slog.Logger) (store.Secret, error) {
	if path == "" {
		return store.Secret{}, nil
	}
	content, mode, err := readLimited(path)
	if err != nil {
		return store.Secret{}, unreadableFileError(flag, err)
	}
	if mode.Perm()&^secretFileMode != 0 {
		log.Warn("other users can read the password file; run chmod 600 on it", "file", path, "setting", flag)
	}
	password := strings.TrimRight(string(content), "\r\n")
	if password == "" {
		return store.Secret{}, store.NewInvalidError(store.FieldError{Field: flag, Code: store.CodeRequired, Message: "the file is empty; write the password into it"})
	}
	return store.NewSecret(password), nil
}

// loadCAFile returns a TLS configuration that trusts the CA certificates of a
// file. It returns nil, for the default, without a path.
func loadCAFile(path, flag string) (*tls.Config, error) {
	if path == "" {
		return nil, nil
	}
	content, _, err := readLimited(path)
	if err != nil {
		return nil, unreadableFileError(flag, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, store.NewInvalidError(store.FieldError{Field: flag, Code: store.CodeCertificate, Message: "the file contains no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----"})
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func unreadableFileError(flag string, err error) error {
	return WithHint(fmt.Errorf("--%s: %w", flag, err), "Check the path of --"+flag+" and its permissions.")
}

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

// credentialFiles are the files with the password and the CA certificates of a
// connection, of the flags that begin with prefix. A file takes precedence over what is
// saved.
type credentialFiles struct {
	prefix, password, ca string
	savedPassword        store.Secret
	savedCA              string
}

// read returns the password and the CA certificates. Without any, the password is zero,
// and the configuration nil, which stands for the default.
func (f credentialFiles) read(log *slog.Logger) (store.Secret, *tls.Config, error) {
	password, err := readPasswordFile(f.password, f.prefix+"-password-file", log)
	if err != nil {
		return store.Secret{}, nil, err
	}
	if password.IsZero() {
		password = f.savedPassword
	}
	if f.ca == "" && f.savedCA != "" {
		trusted, err := trustCertificates([]byte(f.savedCA), f.prefix+"-ca", "enter certificates in PEM, which begin with -----BEGIN CERTIFICATE-----")
		return password, trusted, err
	}
	trusted, err := loadCAFile(f.ca, f.prefix+"-ca-file")
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
	return trustCertificates(content, flag, "the file contains no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")
}

// trustCertificates returns a TLS configuration that trusts the CA certificates in PEM,
// or an error on a field.
func trustCertificates(pem []byte, field, message string) (*tls.Config, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, store.NewInvalidError(store.FieldError{Field: field, Code: store.CodeCertificate, Message: message})
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}

func unreadableFileError(flag string, err error) error {
	return WithHint(fmt.Errorf("--%s: %w", flag, err), "Check the path of --"+flag+" and its permissions.")
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/store"
)

// secretFlags are the two ways to give a secret.
type secretFlags struct {
	value string
	file  string
}

// register adds the flags to cmd; without says what happens when neither is
// given.
func (f *secretFlags) register(cmd *cobra.Command, without string) {
	cmd.Flags().StringVar(&f.value, "secret", "", "the `SECRET`; others on this host can see a command line, so --secret-file is safer")
	cmd.Flags().StringVar(&f.file, "secret-file", "", "`FILE` that holds the secret, '-' for standard input (default: "+without+")")
	cmd.MarkFlagsMutuallyExclusive("secret", "secret-file")
}

// maxSecretFile bounds what is read as a secret.
const maxSecretFile = 64 << 10

// read returns the secret that was given, without the line break at its end;
// the zero Secret when none was.
func (f *secretFlags) read(stdin io.Reader) (store.Secret, error) {
	if f.file == "" {
		return store.NewSecret(f.value), nil
	}
	source := stdin
	if f.file != "-" {
		file, err := os.Open(f.file)
		if err != nil {
			return store.Secret{}, err
		}
		defer func() { _ = file.Close() }()
		source = file
	}
	content, err := io.ReadAll(io.LimitReader(source, maxSecretFile))
	if err != nil {
		return store.Secret{}, fmt.Errorf("reading the secret: %w", err)
	}
	secret := store.NewSecret(strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"))
	if secret.IsZero() {
		// Whatever should have written it failed: to generate one instead
		// would surprise.
		return store.Secret{}, store.Invalid(store.FieldError{
			Field: "secret", Code: "required", Message: "the file is empty; leave --secret-file out to have a secret generated",
		})
	}
	return secret, nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/store"
)

// secretFlags are the two ways to give a secret.
type secretFlags struct {
	value string
	file  string
	// flags are those of the command, and without says what happens when
	// neither is given.
	flags   *pflag.FlagSet
	without string
}

// register adds the flags to cmd.
func (f *secretFlags) register(cmd *cobra.Command, without string) {
	f.flags, f.without = cmd.Flags(), without
	f.flags.StringVar(&f.value, "secret", "", "the `SECRET`; others on this host can see a command line, so --secret-file is safer")
	f.flags.StringVar(&f.file, "secret-file", "", "`FILE` that holds the secret, '-' for standard input (default: "+without+")")
	cmd.MarkFlagsMutuallyExclusive("secret", "secret-file")
}

// maxSecretFile bounds what is read as a secret.
const maxSecretFile = 64 << 10

// read returns the secret that was given, without the line break at its end;
// the zero Secret when none was.
func (f *secretFlags) read(ctx context.Context, stdin io.Reader) (store.Secret, error) {
	given := f.value
	switch {
	case f.flags.Changed("secret-file"):
		content, err := f.readFile(ctx, stdin)
		if err != nil {
			return store.Secret{}, fmt.Errorf("reading the secret: %w", err)
		}
		given = strings.TrimSuffix(strings.TrimSuffix(content, "\n"), "\r")
	case !f.flags.Changed("secret"):
		return store.Secret{}, nil
	}
	if given == "" {
		// Whatever should have made it failed, such as an unset variable of a
		// script: to do what is done without one would surprise.
		return store.Secret{}, store.Invalid(store.FieldError{
			Field: "secret", Code: "required", Message: "what was given is empty; without the flag " + f.without,
		})
	}
	return store.NewSecret(given), nil
}

// readFile returns when ctx ends, too: a terminal or a pipe may never bring
// anything. The program ends then, and with it what still reads.
func (f *secretFlags) readFile(ctx context.Context, stdin io.Reader) (string, error) {
	var content []byte
	done := make(chan error, 1)
	go func() {
		var err error
		content, err = readSecretFile(f.file, stdin)
		done <- err
	}()
	select {
	case err := <-done:
		return string(content), err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func readSecretFile(path string, stdin io.Reader) ([]byte, error) {
	source := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		source = file
	}
	return io.ReadAll(io.LimitReader(source, maxSecretFile))
}

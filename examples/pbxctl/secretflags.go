package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// secretFlags are the two ways to give a secret.
type secretFlags struct {
	// field is what the secret is called: "secret" or "password".
	field string
	value string
	file  string
	// flags are those of the command, and without says what happens when
	// neither is given.
	flags   *pflag.FlagSet
	without string
}

// register adds the flags to cmd.
func (f *secretFlags) register(cmd *cobra.Command, field, without string) {
	f.flags, f.field, f.without = cmd.Flags(), field, without
	f.flags.StringVar(&f.value, field, "",
		"the `"+strings.ToUpper(field)+"`; others on this host can see a command line, so --"+f.fileFlag()+" is safer")
	f.flags.StringVar(&f.file, f.fileFlag(), "",
		"`FILE` that holds the "+field+", '-' for standard input (default: "+without+")")
	cmd.MarkFlagsMutuallyExclusive(field, f.fileFlag())
}

func (f *secretFlags) fileFlag() string { return f.field + "-file" }

// maxSecretFile bounds what is read as a secret.
const maxSecretFile = 64 << 10

// read returns the secret that was given, without the line break at its end;
// the zero Secret when none was, or when it is refused.
func (f *secretFlags) read(ctx context.Context, stdin io.Reader) (given store.Secret, errs flagErrors, err error) {
	text := f.value
	switch {
	case f.flags.Changed(f.fileFlag()):
		content, err := readInput(ctx, f.file, stdin, maxSecretFile)
		if err != nil {
			return store.Secret{}, nil, f.readError(err)
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	case !f.flags.Changed(f.field):
		return store.Secret{}, nil, nil
	}
	if text == "" {
		// Whatever should have made it failed, such as an unset variable of a
		// script: to do what is done without one would surprise.
		return store.Secret{}, flagErrors{{
			Field: f.field, Code: "required", Message: "what was given is empty; without the flag " + f.without,
		}}, nil
	}
	return store.NewSecret(text), nil, nil
}

func (f *secretFlags) readError(err error) error {
	err = fmt.Errorf("reading the %s: %w", f.field, err)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return app.WithHint(err, "Check the path that --"+f.fileFlag()+" names.")
	}
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// secretFlags are the two ways to give a secret.
type secretFlags struct {
	// field is the name of the secret: "secret" or "password".
	field string
	value string
	file  string
	// flags are the flags of the command; nil means that there is no secret to
	// give. without says what happens if neither is given.
	flags   *pflag.FlagSet
	without string
}

// register adds the flags to cmd.
func (f *secretFlags) register(cmd *cobra.Command, field, without string) {
	f.flags, f.field, f.without = cmd.Flags(), field, without
	f.flags.StringVar(&f.value, field, "",
		"the `"+strings.ToUpper(field)+"`; other users of this host can see a command line, so --"+f.fileFlag()+" is safer")
	f.flags.StringVar(&f.file, f.fileFlag(), "",
		"`FILE` with the "+field+", '-' for standard input (default: "+without+")")
	cmd.MarkFlagsMutuallyExclusive(field, f.fileFlag())
}

func (f *secretFlags) fileFlag() string { return f.field + "-file" }

// maxSecretFile is the maximum size of a file with a secret.
const maxSecretFile = 64 << 10

// read returns the given secret without the line break at its end. It returns the
// zero Secret if none was given or if it is rejected.
func (f *secretFlags) read(ctx context.Context, stdin io.Reader) (given store.Secret, errs []store.FieldError, err error) {
	text := f.value
	switch {
	case f.flags == nil:
		return store.Secret{}, nil, nil
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
		// A script whose variable is unset does not mean to give none.
		return store.Secret{}, []store.FieldError{{
			Field: f.field, Code: store.CodeRequired, Message: "the given value is empty; without the flag, " + f.without,
		}}, nil
	}
	return store.NewSecret(text), nil, nil
}

func (f *secretFlags) readError(err error) error {
	err = fmt.Errorf("reading the %s: %w", f.field, err)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return app.WithHint(err, "Check the path of --"+f.fileFlag()+".")
	}
	return err
}

// readInput reads up to limit bytes of a file, or of standard input for '-'. It
// also returns when ctx ends, because a terminal or a pipe may never deliver
// anything. The program exits then, which ends the read.
func readInput(ctx context.Context, path string, stdin io.Reader, limit int64) ([]byte, error) {
	var content []byte
	done := make(chan error, 1)
	go func() {
		var err error
		content, err = readLimited(path, stdin, limit)
		done <- err
	}()
	select {
	case err := <-done:
		return content, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readLimited(path string, stdin io.Reader, limit int64) ([]byte, error) {
	source := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		source = file
	}
	return io.ReadAll(io.LimitReader(source, limit))
}

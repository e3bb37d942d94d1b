package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// cli is one run of pbxctl.
type cli struct {
	settings app.Settings
	json     bool
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	// options open the database. Tests set cheap password hashing.
	options app.Options
	// started reports that the command line is valid.
	started bool
	closers []func() error
}

// register adds the global flags.
func (a *cli) register(flags *pflag.FlagSet) {
	a.settings.Register(flags)
	a.registerOwn(flags)
}

// registerOwn adds the global flags that are no settings.
func (a *cli) registerOwn(flags *pflag.FlagSet) {
	app.RegisterIniFile(flags)
	flags.BoolVar(&a.json, "json", false, "print JSON")
}

// complete sets the flags that were not given from the environment and from the
// settings file.
func (a *cli) complete(flags *pflag.FlagSet) error {
	path, required := app.IniFile(flags)
	return app.LoadFlags(flags, path, required)
}

// close closes what was opened, in reverse order.
func (a *cli) close() {
	for _, c := range slices.Backward(a.closers) {
		_ = c()
	}
	a.closers = nil
}

// open opens an existing database.
func (a *cli) open(ctx context.Context) (*app.App, error) { return a.openWith(ctx, &a.options) }

// openOrCreate opens the database, and creates it and its key on first use.
func (a *cli) openOrCreate(ctx context.Context) (*app.App, error) {
	opts := a.options
	opts.Create = true
	return a.openWith(ctx, &opts)
}

func (a *cli) openWith(ctx context.Context, opts *app.Options) (*app.App, error) {
	s, err := app.Open(ctx, a.settings, opts)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, s.Close)
	a.settings = *s.Current() // with the settings of the database
	for _, warning := range s.Warnings {
		if _, err := fmt.Fprintln(a.stderr, "warning: "+warning); err != nil {
			return nil, err
		}
	}
	return s, nil
}

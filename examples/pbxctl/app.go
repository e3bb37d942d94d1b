package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// app is one run of pbxctl: its settings, and what it has opened.
type app struct {
	settings site.Settings
	json     bool
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	// options are those that the database is opened with. Tests make passwords
	// cost little.
	options site.Options
	// started says that the command line was understood.
	started bool
	closers []func() error
}

// register adds the global flags.
func (a *app) register(flags *pflag.FlagSet) {
	a.settings.Register(flags)
	site.RegisterIniFile(flags)
	flags.BoolVar(&a.json, "json", false, "print JSON")
}

// complete takes the flags that were not given from the environment and from
// the file of settings.
func (a *app) complete(flags *pflag.FlagSet) error {
	path, must := site.IniFile(flags)
	return site.Complete(flags, path, must)
}

// close closes what was opened, last first.
func (a *app) close() {
	for _, c := range slices.Backward(a.closers) {
		_ = c()
	}
	a.closers = nil
}

// open opens a database that exists.
func (a *app) open(ctx context.Context) (*site.Site, error) { return a.opened(ctx, a.options) }

// openNew opens the database, and makes it and its key at first use.
func (a *app) openNew(ctx context.Context) (*site.Site, error) {
	opts := a.options
	opts.Create = true
	return a.opened(ctx, opts)
}

// openToComplete opens the database to complete a key in a shell.
func (a *app) openToComplete(cmd *cobra.Command) (*site.Site, error) {
	if err := a.complete(cmd.Root().PersistentFlags()); err != nil {
		return nil, err
	}
	return a.open(cmd.Context())
}

func (a *app) opened(ctx context.Context, opts site.Options) (*site.Site, error) {
	s, err := site.Open(ctx, a.settings, &opts)
	if err != nil {
		return nil, err
	}
	a.closers = append(a.closers, s.Close)
	return s, nil
}

// dial logs in to Asterisk; nil stands for none to talk to.
func (a *app) dial(ctx context.Context, s *site.Site, events string) (*ami.Client, error) {
	client, err := s.Dial(ctx, events)
	if client != nil {
		a.closers = append(a.closers, client.Close)
	}
	return client, err
}

package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// recordCommand is a command about one record, which its argument names.
func (a *cli) recordCommand(use, short string, complete cobra.CompletionFunc, fn func(ctx context.Context, s *app.App, name string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use,
		Short:             short,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			return fn(cmd.Context(), s, args[0])
		}),
	}
}

// requireTrue refuses a switch that was turned off, such as --invite=false, where a
// command line has to say what to do: that it was given would be enough.
func requireTrue(name string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		on, err := cmd.Flags().GetBool(name)
		if err == nil && !on && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s=false asks for nothing: leave it out, and say what is to be done", name)
		}
		return err
	}
}

// requireChange refuses a command line that changes nothing, such as one whose
// script left the flag out.
func requireChange(cmd *cobra.Command, _ []string) error {
	given := false
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) { given = given || flag.Changed })
	if !given {
		return errors.New("nothing to change: name what is to be changed by its flag")
	}
	return nil
}

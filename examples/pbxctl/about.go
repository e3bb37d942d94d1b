package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/site"
)

// about is a command about one record, which its argument names.
func (a *app) about(use, short string, complete cobra.CompletionFunc, work func(ctx context.Context, s *site.Site, name string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use,
		Short:             short,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: complete,
		RunE: a.do(func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			return work(cmd.Context(), s, args[0])
		}),
	}
}

// needChange refuses a command line that changes nothing, such as one whose
// script left the flag out.
func needChange(cmd *cobra.Command, _ []string) error {
	given := false
	cmd.LocalNonPersistentFlags().VisitAll(func(flag *pflag.Flag) { given = given || flag.Changed })
	if !given {
		return errors.New("nothing to change: name what is to be changed by its flag")
	}
	return nil
}

package main

import (
	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userPassword() *cobra.Command {
	var password secretFlags
	var generate bool
	var opts userman.PasswordOptions
	cmd := &cobra.Command{
		Use:               "password USERNAME",
		Short:             "Give a person a new password, and end all sessions; a generated one is shown this once",
		Example:           "  pbxctl user password jane.roe --generate --must-change-password\n  pbxctl user password jane.roe --password-file -",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeUsers,
		PreRunE:           requireTrue("generate"),
	}
	password.register(cmd, "password", "say --generate")
	flags := cmd.Flags()
	flags.BoolVar(&generate, "generate", false, "generate the password")
	flags.BoolVar(&opts.MustChange, "must-change-password", false, "have the person choose another one after the next login")
	flags.BoolVar(&opts.DisableTokens, "disable-tokens", false, "disable the API tokens of the person as well")
	cmd.MarkFlagsOneRequired("password", "password-file", "generate")
	cmd.MarkFlagsMutuallyExclusive("password", "password-file", "generate")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		given, empty, err := password.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		if err := store.NewInvalidError(empty...); err != nil {
			s.AuditLog.RecordFailure(cmd.Context(), userEvent(cmd.Context(), s, "set password", args[0]), err)
			return err
		}
		var shown userView
		if generate {
			if given, err = s.Users.GeneratePassword(); err != nil {
				return err
			}
			shown.Secret = given.Reveal()
		}
		if shown.User, err = s.Users.SetPassword(cmd.Context(), args[0], given, &opts); err != nil {
			return err
		}
		return a.printUser(shown, "Changed: all sessions have ended.")
	})
	return cmd
}

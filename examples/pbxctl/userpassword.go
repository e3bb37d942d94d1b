package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userPassword() *cobra.Command {
	var password secretFlags
	var generate bool
	var opts userman.PasswordOptions
	n := a.users()
	cmd := n.verb("password", "Set the password of a user and end all sessions; a generated one is shown only once", func(ctx context.Context, s *app.App, username string) error {
		given, err := n.readSecret(ctx, s, &password, "set password", username)
		if err != nil {
			return err
		}
		result := resource.Result[userman.User]{}
		if generate {
			if given, err = s.Users.GeneratePassword(); err != nil {
				return err
			}
			result.Secret = given
		}
		result.Record, err = s.Users.SetPassword(ctx, username, given, &opts)
		return n.printRecord(s, result, err, "Password changed. All sessions have ended.")
	})
	cmd.Example = "  pbxctl user password jane.roe --generate --must-change-password\n  pbxctl user password jane.roe --password-file -"
	cmd.PreRunE = requireTrue("generate")
	password.register(cmd, "password", "use --generate")
	flags := cmd.Flags()
	flags.BoolVar(&generate, "generate", false, "generate the password")
	flags.BoolVar(&opts.MustChange, "must-change-password", false, "require a new password after the next login")
	flags.BoolVar(&opts.DisableTokens, "disable-tokens", false, "also disable the user's API tokens")
	cmd.MarkFlagsOneRequired("password", "password-file", "generate")
	cmd.MarkFlagsMutuallyExclusive("password", "password-file", "generate")
	return cmd
}

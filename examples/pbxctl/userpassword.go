package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userPassword() *cobra.Command {
	var password secretFlags
	var generate bool
	var opts userman.PasswordOptions
	r := a.users()
	cmd := r.one("password", "Set the password of a user and end all sessions; a generated one is shown only once", func(ctx context.Context, s *app.App, username string) error {
		given, err := r.readSecret(ctx, s, &password, "set password", username)
		if err != nil {
			return err
		}
		v := userView{}
		if generate {
			if given, err = s.Users.GeneratePassword(); err != nil {
				return err
			}
			v.Secret = given.Reveal()
		}
		if v.User, err = s.Users.SetPassword(ctx, username, given, &opts); err != nil {
			return err
		}
		return a.printView(v, "Password changed. All sessions have ended.")
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

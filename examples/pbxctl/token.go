package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) tokenCommand() *cobra.Command {
	parent := &cobra.Command{Use: "token", Short: "API tokens, with which programs act for people", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.AddCommand(a.tokenAdd(), a.tokenList(), a.tokenShow(), a.tokenEdit(), a.tokenRotate(), a.tokenDelete())
	return parent
}

func (a *cli) tokenAdd() *cobra.Command {
	var flags tokenFlags
	cmd := &cobra.Command{
		Use:   "add USERNAME",
		Short: "Make a token for a person; its key is shown this once",
		Example: "  pbxctl token add jane.roe --description 'CRM' --modules voicemail,contacts\n" +
			"  pbxctl token add jane.roe --extensions 4001 --modules all --addresses 192.0.2.0/24 --expires-at 2027-01-01 --requests-per-hour 100",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeUsers,
	}
	flags.register(cmd)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		fields := flags.parse(cmd.Flags())
		wanted := &userman.Token{}
		fields.set(wanted)
		act := tokenEvent(cmd.Context(), s, "create", "")
		var key store.Secret
		created, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (link *userman.Token, err error) {
			link, key, err = s.Users.CreateToken(ctx, args[0], wanted)
			return link, err
		})
		if err != nil {
			return err
		}
		return a.printToken(cmd.Context(), s, token{Token: created, Key: key.Reveal()}, "Made: programs show the id and the key.")
	})
	return cmd
}

func (a *cli) tokenEdit() *cobra.Command {
	var flags tokenFlags
	cmd := &cobra.Command{
		Use:               "edit ID",
		Short:             "Change the given fields of a token, and keep the others",
		Long:              "Change the given fields of a token, and keep the others. A list is replaced as a whole; an empty value clears it.",
		Example:           "  pbxctl token edit 7h2kq9x4v1n8b3m6 --addresses '' --disabled",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeTokens,
		PreRunE:           requireChange,
	}
	flags.register(cmd)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		fields := flags.parse(cmd.Flags())
		act := tokenEvent(cmd.Context(), s, "update", args[0])
		updated, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*userman.Token, error) {
			return s.Users.UpdateToken(ctx, args[0], func(to *userman.Token) error {
				fields.set(to)
				return nil
			})
		})
		if err != nil {
			return err
		}
		return a.printToken(cmd.Context(), s, token{Token: updated}, "Changed.")
	})
	return cmd
}

func (a *cli) tokenRotate() *cobra.Command {
	const short = "Give a token another key, shown this once; the old one stops to work"
	return a.recordCommand("rotate ID", short, a.completeTokens, func(ctx context.Context, s *app.App, id string) error {
		rotated, key, err := s.Users.RotateToken(ctx, id)
		if err != nil {
			return err
		}
		return a.printToken(ctx, s, token{Token: rotated, Key: key.Reveal()}, "Rotated: the old key does not work any more.")
	})
}

func (a *cli) tokenDelete() *cobra.Command {
	return a.recordCommand("delete ID", "Delete a token", a.completeTokens, func(ctx context.Context, s *app.App, id string) error {
		if err := s.Users.DeleteToken(ctx, id); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": id}, func() string { return "Deleted.\n" })
	})
}

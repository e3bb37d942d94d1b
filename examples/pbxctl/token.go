package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *app) tokenCommand() *cobra.Command {
	parent := &cobra.Command{Use: "token", Short: "API tokens, with which programs act for people", Args: cobra.NoArgs, RunE: needVerb}
	parent.AddCommand(a.tokenAdd(), a.tokenList(), a.tokenShow(), a.tokenEdit(), a.tokenRotate(), a.tokenDelete())
	return parent
}

func (a *app) tokenAdd() *cobra.Command {
	var flags tokenFlags
	cmd := &cobra.Command{
		Use:   "add USERNAME",
		Short: "Make a token for a person; its key is shown this once",
		Example: "  pbxctl token add jane.roe --description 'CRM' --modules voicemail,contacts\n" +
			"  pbxctl token add jane.roe --extensions 4001 --modules all --addresses 192.0.2.0/24 --expires-at 2027-01-01 --requests-per-hour 100",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completePeople,
	}
	flags.register(cmd)
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		fields := flags.parse(cmd.Flags())
		wanted := &userman.Token{}
		fields.set(wanted)
		act := onToken(cmd.Context(), s, "create", "")
		var key store.Secret
		created, err := judged(cmd.Context(), s, fields.refused, act, func(ctx context.Context) (made *userman.Token, err error) {
			made, key, err = s.People.CreateToken(ctx, args[0], wanted)
			return made, err
		})
		if err != nil {
			return err
		}
		return a.printToken(cmd.Context(), s, token{Token: created, Key: key.Reveal()}, "Made: programs show the id and the key.")
	})
	return cmd
}

func (a *app) tokenEdit() *cobra.Command {
	var flags tokenFlags
	cmd := &cobra.Command{
		Use:               "edit ID",
		Short:             "Change the given fields of a token, and keep the others",
		Long:              "Change the given fields of a token, and keep the others. A list is replaced as a whole; an empty value clears it.",
		Example:           "  pbxctl token edit 7h2kq9x4v1n8b3m6 --addresses '' --disabled",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeTokens,
		PreRunE:           needChange,
	}
	flags.register(cmd)
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		fields := flags.parse(cmd.Flags())
		act := onToken(cmd.Context(), s, "update", args[0])
		updated, err := judged(cmd.Context(), s, fields.refused, act, func(ctx context.Context) (*userman.Token, error) {
			return s.People.UpdateToken(ctx, args[0], func(to *userman.Token) error {
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

func (a *app) tokenRotate() *cobra.Command {
	const short = "Give a token another key, shown this once; the old one stops to work"
	return a.about("rotate ID", short, a.completeTokens, func(ctx context.Context, s *site.Site, id string) error {
		rotated, key, err := s.People.RotateToken(ctx, id)
		if err != nil {
			return err
		}
		return a.printToken(ctx, s, token{Token: rotated, Key: key.Reveal()}, "Rotated: the old key does not work any more.")
	})
}

func (a *app) tokenDelete() *cobra.Command {
	return a.about("delete ID", "Delete a token", a.completeTokens, func(ctx context.Context, s *site.Site, id string) error {
		if err := s.People.DeleteToken(ctx, id); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": id}, func() string { return "Deleted.\n" })
	})
}

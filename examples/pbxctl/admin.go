package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

func (a *cli) adminCommand() *cobra.Command {
	parent := &cobra.Command{Use: "admin", Short: "Administrators, who log in to the pages and the API of the server", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.AddCommand(
		a.adminAdd(), a.adminList(), a.adminShow(), a.adminEdit(), a.adminPassword(),
		a.adminDisable("disable", "Keep an administrator from logging in, and end all sessions", (*ampusers.Service).Disable),
		a.adminDisable("enable", "Let a disabled administrator log in again", (*ampusers.Service).Enable),
		a.adminDelete(), a.adminRecover(),
	)
	return parent
}

func (a *cli) adminAdd() *cobra.Command {
	var flags adminFlags
	var password secretFlags
	cmd := &cobra.Command{
		Use:   "add USERNAME",
		Short: "Make an administrator; without a password, the link to set one is shown this once",
		Example: "  pbxctl admin add jane.admin --sections ami-accounts,apply --extensions 100-199,205\n" +
			"  pbxctl admin add root --access full --password-file -",
		Args: cobra.ExactArgs(1),
	}
	flags.register(cmd)
	password.register(cmd, "password", "a link to set one is made")
	cmd.RunE = a.runE(func(cmd *cobra.Command, args []string) error {
		given, empty, err := password.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		s, err := a.openOrCreate(cmd.Context())
		if err != nil {
			return err
		}
		fields := flags.parse(cmd.Flags())
		fields.fieldErrs = append(fields.fieldErrs, empty...)
		wanted := &ampusers.Administrator{Username: args[0]}
		fields.set(wanted)
		act := administratorEvent(cmd.Context(), s, "create", args[0])
		created, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*ampusers.Administrator, error) {
			return s.Administrators.Create(ctx, wanted, given)
		})
		if err != nil {
			return err
		}
		if !given.IsZero() {
			return a.printAdministrator(administrator{Administrator: created}, "Made.")
		}
		return a.inviteCreated(cmd.Context(), s.Administrators, created.Username)
	})
	return cmd
}

func (a *cli) adminEdit() *cobra.Command {
	var flags adminFlags
	cmd := &cobra.Command{
		Use:   "edit USERNAME",
		Short: "Change the given fields of an administrator, and keep the others",
		Long:  "Change the given fields of an administrator, and keep the others. A list is replaced as a whole; an empty value clears it.",
		Example: "  pbxctl admin edit jane.admin --extensions 100-199,205 --teams acme\n" +
			"  pbxctl admin edit jane.admin --extensions ''",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAdministrators,
		PreRunE:           requireChange,
	}
	flags.register(cmd)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		fields := flags.parse(cmd.Flags())
		act := administratorEvent(cmd.Context(), s, "update", args[0])
		updated, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*ampusers.Administrator, error) {
			return s.Administrators.Update(ctx, args[0], func(to *ampusers.Administrator) error {
				fields.set(to)
				return nil
			})
		})
		if err != nil {
			return err
		}
		return a.printAdministrator(administrator{Administrator: updated}, "Changed.")
	})
	return cmd
}

func (a *cli) adminDisable(use, short string, act func(*ampusers.Service, context.Context, string) (*ampusers.Administrator, error)) *cobra.Command {
	return a.recordCommand(use+" USERNAME", short, a.completeAdministrators, func(ctx context.Context, s *app.App, username string) error {
		changed, err := act(s.Administrators, ctx, username)
		if err != nil {
			return err
		}
		return a.printAdministrator(administrator{Administrator: changed}, "Changed.")
	})
}

func (a *cli) adminDelete() *cobra.Command {
	const short = "Delete an administrator, and end all sessions"
	return a.recordCommand("delete USERNAME", short, a.completeAdministrators, func(ctx context.Context, s *app.App, username string) error {
		if admin, err := s.Administrators.Get(ctx, username); err == nil {
			username = admin.Username // as it is stored
		}
		if err := s.Administrators.Delete(ctx, username); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": username}, func() string { return "Deleted.\n" })
	})
}

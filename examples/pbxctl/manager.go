package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// pendingMessage is what people are told after a change that is not live yet.
const pendingMessage = "Changed, and pending: 'pbxctl config apply' brings it to Asterisk."

func (a *cli) managerCommand() *cobra.Command {
	parent := &cobra.Command{Use: "manager", Short: "AMI accounts, with which integrations talk to Asterisk", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.AddCommand(
		a.managerAdd(), a.managerList(), a.managerShow(), a.managerEdit(), a.managerRotate(),
		a.managerDisable("disable", "Take an account from Asterisk, and keep it", (*manager.Service).Disable),
		a.managerDisable("enable", "Give a disabled account back to Asterisk", (*manager.Service).Enable),
		a.managerDelete(), a.managerProbe(), a.managerPresets(),
	)
	return parent
}

func (a *cli) managerAdd() *cobra.Command {
	var flags amiAccountFlags
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Make an account; its generated secret is shown this once",
		Example: "  pbxctl manager add crmpro_ami --preset click-to-call --permit 10.0.0.0/8",
		Args:    cobra.ExactArgs(1),
	}
	flags.register(cmd, "a secret is generated")
	cmd.RunE = a.runE(func(cmd *cobra.Command, args []string) error {
		given, err := flags.parse(cmd.Context(), cmd.Flags(), a.stdin)
		if err != nil {
			return err
		}
		return a.addAMIAccount(cmd.Context(), args[0], given)
	})
	return cmd
}

func (a *cli) addAMIAccount(ctx context.Context, name string, given *amiAccountFields) error {
	s, err := a.openOrCreate(ctx)
	if err != nil {
		return err
	}
	u := &manager.Account{Name: name, AllowMultipleLogin: true}
	given.set(u)
	created, err := withFlagErrors(ctx, s, given.fieldErrs, amiAccountEvent(ctx, s, "create", name), func(ctx context.Context) (*manager.Account, error) {
		return s.AMIAccounts.Create(ctx, u)
	})
	if err != nil {
		return err
	}
	return a.printAMIAccount(withGeneratedSecret(created, u.Secret), "Made, and pending: 'pbxctl config apply' brings it to Asterisk.")
}

func (a *cli) managerEdit() *cobra.Command {
	var flags amiAccountFlags
	cmd := &cobra.Command{
		Use:   "edit NAME",
		Short: "Change the given fields of an account, and keep the others",
		Long:  "Change the given fields of an account, and keep the others. A list is replaced as a whole; an empty value clears it.",
		Example: "  pbxctl manager edit crmpro_ami --permit 10.1.0.0/16 --permit 192.0.2.7\n" +
			"  pbxctl manager edit crmpro_ami --event-filters ''",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAMIAccounts,
		PreRunE:           requireChange,
	}
	flags.register(cmd, "it stays")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		given, err := flags.parse(cmd.Context(), cmd.Flags(), a.stdin)
		if err != nil {
			return err
		}
		return a.editAMIAccount(cmd.Context(), s, args[0], given)
	})
	return cmd
}

func (a *cli) editAMIAccount(ctx context.Context, s *app.App, name string, given *amiAccountFields) error {
	updated, err := withFlagErrors(ctx, s, given.fieldErrs, amiAccountEvent(ctx, s, "update", name), func(ctx context.Context) (*manager.Account, error) {
		return s.AMIAccounts.Update(ctx, name, func(u *manager.Account) error {
			given.set(u)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return a.printAMIAccount(newAMIAccountView(updated), pendingMessage)
}

func (a *cli) managerRotate() *cobra.Command {
	var secret secretFlags
	cmd := &cobra.Command{
		Use:               "rotate NAME",
		Short:             "Give an account a new secret; a generated one is shown this once",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAMIAccounts,
	}
	secret.register(cmd, "secret", "a secret is generated")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		given, empty, err := secret.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		if err := store.NewInvalidError(empty...); err != nil {
			s.AuditLog.RecordFailure(cmd.Context(), amiAccountEvent(cmd.Context(), s, "rotate", args[0]), err)
			return err
		}
		rotated, err := s.AMIAccounts.Rotate(cmd.Context(), args[0], given)
		if err != nil {
			return err
		}
		return a.printAMIAccount(withGeneratedSecret(rotated, given), "Rotated, and pending: the old secret works until 'pbxctl config apply'.")
	})
	return cmd
}

// withGeneratedSecret is the account with its secret, unless that was given: who
// gave it has it, and it is not shown.
func withGeneratedSecret(u *manager.Account, given store.Secret) amiAccountView {
	shown := newAMIAccountView(u)
	if given.IsZero() {
		shown.Secret = u.Secret.Reveal()
	}
	return shown
}

func (a *cli) managerDisable(use, short string, act func(*manager.Service, context.Context, string) (*manager.Account, error)) *cobra.Command {
	return a.recordCommand(use+" NAME", short, a.completeAMIAccounts, func(ctx context.Context, s *app.App, name string) error {
		u, err := act(s.AMIAccounts, ctx, name)
		if err != nil {
			return err
		}
		return a.printAMIAccount(newAMIAccountView(u), pendingMessage)
	})
}

func (a *cli) managerDelete() *cobra.Command {
	const short = "Delete an account; the next apply takes it from Asterisk and ends its sessions"
	return a.recordCommand("delete NAME", short, a.completeAMIAccounts, func(ctx context.Context, s *app.App, name string) error {
		if u, err := s.AMIAccounts.Get(ctx, name); err == nil {
			name = u.Name // as it is stored
		}
		if err := s.AMIAccounts.Delete(ctx, name); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": name}, func() string {
			return "Deleted, and pending: it works until 'pbxctl config apply'.\n"
		})
	})
}

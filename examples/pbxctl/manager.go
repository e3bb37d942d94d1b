package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// changed is what people are told after a change that is not live yet.
const changed = "Changed, and pending: 'pbxctl config apply' brings it to Asterisk."

func (a *app) managerCommand() *cobra.Command {
	parent := &cobra.Command{Use: "manager", Short: "AMI accounts, with which integrations talk to Asterisk", Args: cobra.NoArgs, RunE: needVerb}
	parent.AddCommand(
		a.managerAdd(), a.managerList(), a.managerShow(), a.managerEdit(), a.managerRotate(),
		a.managerDisable("disable", "Take an account from Asterisk, and keep it", (*manager.Service).Disable),
		a.managerDisable("enable", "Give a disabled account back to Asterisk", (*manager.Service).Enable),
		a.managerDelete(), a.managerProbe(), a.managerPresets(),
	)
	return parent
}

func (a *app) managerAdd() *cobra.Command {
	var flags accountFlags
	cmd := &cobra.Command{
		Use:     "add NAME",
		Short:   "Make an account; its generated secret is shown this once",
		Example: "  pbxctl manager add crmpro_ami --preset click-to-call --permit 10.0.0.0/8",
		Args:    cobra.ExactArgs(1),
	}
	flags.register(cmd, "a secret is generated")
	cmd.RunE = a.do(func(cmd *cobra.Command, args []string) error {
		given, err := flags.parse(cmd.Context(), cmd.Flags(), a.stdin)
		if err != nil {
			return err
		}
		return a.addAccount(cmd.Context(), args[0], given)
	})
	return cmd
}

func (a *app) addAccount(ctx context.Context, name string, given *givenFields) error {
	s, err := a.openNew(ctx)
	if err != nil {
		return err
	}
	u := &manager.User{Name: name, AllowMultipleLogin: true}
	given.set(u)
	created, err := judged(ctx, s, given.refused, onAccount(ctx, s, "create", name), func(ctx context.Context) (*manager.User, error) {
		return s.Managers.Create(ctx, u)
	})
	if err != nil {
		return err
	}
	return a.printAccount(withGenerated(created, u.Secret), "Made, and pending: 'pbxctl config apply' brings it to Asterisk.")
}

func (a *app) managerEdit() *cobra.Command {
	var flags accountFlags
	cmd := &cobra.Command{
		Use:   "edit NAME",
		Short: "Change the given fields of an account, and keep the others",
		Long:  "Change the given fields of an account, and keep the others. A list is replaced as a whole; an empty value clears it.",
		Example: "  pbxctl manager edit crmpro_ami --permit 10.1.0.0/16 --permit 192.0.2.7\n" +
			"  pbxctl manager edit crmpro_ami --event-filters ''",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAccounts,
		PreRunE:           needChange,
	}
	flags.register(cmd, "it stays")
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		given, err := flags.parse(cmd.Context(), cmd.Flags(), a.stdin)
		if err != nil {
			return err
		}
		return a.editAccount(cmd.Context(), s, args[0], given)
	})
	return cmd
}

func (a *app) editAccount(ctx context.Context, s *site.Site, name string, given *givenFields) error {
	updated, err := judged(ctx, s, given.refused, onAccount(ctx, s, "update", name), func(ctx context.Context) (*manager.User, error) {
		return s.Managers.Update(ctx, name, func(u *manager.User) error {
			given.set(u)
			return nil
		})
	})
	if err != nil {
		return err
	}
	return a.printAccount(newAccount(updated), changed)
}

func (a *app) managerRotate() *cobra.Command {
	var secret secretFlags
	cmd := &cobra.Command{
		Use:               "rotate NAME",
		Short:             "Give an account a new secret; a generated one is shown this once",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeAccounts,
	}
	secret.register(cmd, "secret", "a secret is generated")
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, args []string) error {
		given, empty, err := secret.read(cmd.Context(), a.stdin)
		if err != nil {
			return err
		}
		if err := store.Invalid(empty...); err != nil {
			s.Trail.RecordFailure(cmd.Context(), onAccount(cmd.Context(), s, "rotate", args[0]), err)
			return err
		}
		rotated, err := s.Managers.Rotate(cmd.Context(), args[0], given)
		if err != nil {
			return err
		}
		return a.printAccount(withGenerated(rotated, given), "Rotated, and pending: the old secret works until 'pbxctl config apply'.")
	})
	return cmd
}

// withGenerated is the account with its secret, unless that was given: who
// gave it has it, and it is not shown.
func withGenerated(u *manager.User, given store.Secret) account {
	shown := newAccount(u)
	if given.IsZero() {
		shown.Secret = u.Secret.Reveal()
	}
	return shown
}

func (a *app) managerDisable(use, short string, act func(*manager.Service, context.Context, string) (*manager.User, error)) *cobra.Command {
	return a.about(use+" NAME", short, a.completeAccounts, func(ctx context.Context, s *site.Site, name string) error {
		u, err := act(s.Managers, ctx, name)
		if err != nil {
			return err
		}
		return a.printAccount(newAccount(u), changed)
	})
}

func (a *app) managerDelete() *cobra.Command {
	const short = "Delete an account; the next apply takes it from Asterisk and ends its sessions"
	return a.about("delete NAME", short, a.completeAccounts, func(ctx context.Context, s *site.Site, name string) error {
		if u, err := s.Managers.Get(ctx, name); err == nil {
			name = u.Name // as it is stored
		}
		if err := s.Managers.Delete(ctx, name); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": name}, func() string {
			return "Deleted, and pending: it works until 'pbxctl config apply'.\n"
		})
	})
}

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// amiAccounts declares the AMI accounts for the commands that all records share.
func (a *cli) amiAccounts() *resource[manager.Account] {
	return &resource[manager.Account]{
		cli: a, noun: "ami-account", article: "an AMI account", argument: "NAME", kind: app.KindAMIAccount, namesInAudit: true,
		fields: amiAccountFields(), extra: amiAccountFlags(),
		key:  func(u *manager.Account) string { return u.Name },
		fold: manager.FoldName,
		get: func(ctx context.Context, s *app.App, key string) (*manager.Account, error) {
			return s.AMIAccounts.Get(ctx, key)
		},
		list: func(ctx context.Context, s *app.App, q listQuery) (*store.Page[*manager.Account], error) {
			return s.AMIAccounts.List(ctx, manager.Query{Search: q.Search, Sort: q.Sort, PageRequest: q.PageRequest})
		},
		update: func(ctx context.Context, s *app.App, key string, edit func(*manager.Account) error) (*manager.Account, error) {
			return s.AMIAccounts.Update(ctx, key, edit)
		},
		remove: func(ctx context.Context, s *app.App, key string) error { return s.AMIAccounts.Delete(ctx, key) },
		view: func(_ context.Context, _ *app.App, u *manager.Account) (view, error) {
			return newAMIAccountView(u, store.Secret{}), nil
		},
		columns: []column[manager.Account]{
			{"NAME", func(u *manager.Account) any { return u.Name }},
			{"READ", func(u *manager.Account) any { return u.Read }},
			{"WRITE", func(u *manager.Account) any { return u.Write }},
			{"PERMIT", func(u *manager.Account) any { return joinNetworks(u.Permit) }},
			{"DISABLED", func(u *manager.Account) any { return u.Disabled }},
			{"OWNER", func(u *manager.Account) any { return u.Owner }},
		},
		empty:   "No AMI accounts. Create one: pbxctl ami-account add NAME --preset click-to-call --permit ADDRESS",
		edited:  "Changed. The change is pending: run 'pbxctl config apply'.",
		deleted: "Deleted. The change is pending: the account works until 'pbxctl config apply'.",
	}
}

func (a *cli) amiAccountCommand() *cobra.Command {
	r := a.amiAccounts()
	parent := newNoun("ami-account", "Manage AMI accounts, with which programs log in to Asterisk")
	parent.AddCommand(
		a.amiAccountAdd(), r.listCommand("accounts", "the name, owner or note", manager.SortFields()), r.showCommand(),
		r.editCommand("  pbxctl ami-account edit crmpro_ami --permit 10.1.0.0/16 --permit 192.0.2.7\n  pbxctl ami-account edit crmpro_ami --event-filters ''", "",
			func(u *manager.Account, secret store.Secret) { u.Secret = secret }),
		a.amiAccountRotate(),
		a.amiAccountAction("disable", "Remove an AMI account from Asterisk at the next apply, and keep its record", (*manager.Service).Disable),
		a.amiAccountAction("enable", "Restore a disabled AMI account at the next apply", (*manager.Service).Enable),
		r.deleteCommand("Delete an AMI account; the next apply removes it from Asterisk and ends its sessions"), a.amiAccountProbe(), a.amiAccountPresets(),
	)
	return parent
}

func (a *cli) amiAccountAction(use, short string, act func(*manager.Service, context.Context, string) (*manager.Account, error)) *cobra.Command {
	return a.amiAccounts().action(use, short, func(ctx context.Context, s *app.App, name string) (*manager.Account, error) {
		return act(s.AMIAccounts, ctx, name)
	})
}

func (a *cli) amiAccountAdd() *cobra.Command {
	return a.amiAccounts().addCommand(&addCommand[manager.Account]{
		Command: cobra.Command{
			Use:     "add NAME",
			Short:   "Create an AMI account; a generated secret is shown only once",
			Example: "  pbxctl ami-account add crmpro_ami --preset click-to-call --permit 10.0.0.0/8",
		},
		secretField: "secret", noSecret: "a secret is generated",
		anyDatabase: true,
		fresh:       func(name string) *manager.Account { return &manager.Account{Name: name, AllowMultipleLogin: true} },
		create: func(ctx context.Context, s *app.App, u *manager.Account, secret store.Secret) (*manager.Account, error) {
			u.Secret = secret
			return s.AMIAccounts.Create(ctx, u)
		},
		done: func(_ context.Context, _ *app.App, created *manager.Account, secret store.Secret) error {
			return a.printView(newAMIAccountView(created, generatedSecret(created, secret)), "Created. The account is pending: run 'pbxctl config apply'.")
		},
	})
}

func (a *cli) amiAccountRotate() *cobra.Command {
	var secret secretFlags
	r := a.amiAccounts()
	cmd := r.one("rotate", "Replace the secret of an AMI account; a generated one is shown only once", func(ctx context.Context, s *app.App, name string) error {
		given, err := r.readSecret(ctx, s, &secret, "rotate", name)
		if err != nil {
			return err
		}
		rotated, err := s.AMIAccounts.Rotate(ctx, name, given)
		if err != nil {
			return err
		}
		return a.printView(newAMIAccountView(rotated, generatedSecret(rotated, given)), "Rotated. The change is pending: the old secret works until 'pbxctl config apply'.")
	})
	secret.register(cmd, "secret", "a secret is generated")
	return cmd
}

func (a *cli) amiAccountPresets() *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "List privilege presets",
		Args:  cobra.NoArgs,
		RunE: a.runE(func(*cobra.Command, []string) error {
			presets := manager.Presets()
			return a.print(store.Page[manager.Preset]{Items: presets}, func() string {
				var b strings.Builder
				for _, p := range presets {
					fmt.Fprintf(&b, "%s\n  %s\n  read: %s   write: %s\n", p.Name, p.Description, p.Read, p.Write)
				}
				return b.String()
			})
		}),
	}
}

// generatedSecret returns the secret to show: none if the caller gave it.
func generatedSecret(u *manager.Account, given store.Secret) store.Secret {
	if given.IsZero() {
		return u.Secret
	}
	return store.Secret{}
}

// amiAccountView is an AMI account as it is printed: with its secret only once.
type amiAccountView struct {
	*manager.Account
	Secret   string            `json:"secret,omitempty"`
	Warnings []manager.Warning `json:"warnings"`
}

func newAMIAccountView(u *manager.Account, secret store.Secret) amiAccountView {
	return amiAccountView{Account: u, Secret: secret.Reveal(), Warnings: append([]manager.Warning{}, u.Lint()...)}
}

func (v amiAccountView) notes() []string {
	var notes []string
	for _, warning := range v.Warnings {
		notes = append(notes, "warning: "+warning.Field+": "+warning.Message)
	}
	return notes
}

func (v amiAccountView) lostHint() string {
	if v.Secret == "" {
		return ""
	}
	return "The generated secret is lost. Run 'pbxctl ami-account rotate NAME' for a new one."
}

func (v amiAccountView) rows() [][]any {
	rows := [][]any{{"name", v.Name}}
	if v.Secret != "" {
		rows = append(rows, []any{"secret", v.Secret + shownOnce})
	}
	rows = append(
		rows,
		[]any{"deny", joinNetworks(v.Deny)},
		[]any{"permit", joinNetworks(v.Permit)},
		[]any{"named_acl", v.NamedACL},
		[]any{"read", v.Read},
		[]any{"write", v.Write},
	)
	for _, f := range v.EventFilters {
		rows = append(rows, []any{"event_filters", filterText(f)})
	}
	return append(
		rows,
		[]any{"display_connects", v.DisplayConnects},
		[]any{"allow_multiple_login", v.AllowMultipleLogin},
		[]any{"write_timeout", fmt.Sprintf("%d ms", v.WriteTimeout)},
		[]any{"disabled", v.Disabled},
		[]any{"owner", v.Owner},
		[]any{"note", v.Note},
	)
}

func joinNetworks(networks []manager.Network) string {
	texts := make([]string, len(networks))
	for i, n := range networks {
		texts[i] = n.String()
	}
	return strings.Join(texts, " ")
}

package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

func (a *cli) amiAccounts() *noun[manager.Account] {
	classes := cobra.FixedCompletions(manager.AllPrivileges.Names(), cobra.ShellCompDirectiveNoFileComp)
	return &noun[manager.Account]{
		cli: a, article: "an AMI account", argument: "NAME", fold: manager.FoldName,
		declare: func(s *app.App) *resource.Type[manager.Account] {
			return resource.AMIAccounts(func(context.Context) *manager.Service { return amiAccountService(s) }, a.lintAMIAccount)
		},
		prepare: func(u *manager.Account, values map[string]field.Value) []store.FieldError {
			return store.FieldErrorsAt("preset", u.ApplyPreset(values["preset"].Text()))
		},
		extra: []extraFlag[manager.Account]{
			{name: "preset", complete: cobra.FixedCompletions(manager.PresetNames(), cobra.ShellCompDirectiveNoFileComp)},
			{name: "read", complete: classes},
			{name: "write", complete: classes},
			eventFiltersFlag(),
		},
		columns: []string{"name", "read", "write", "permit", "disabled", "owner"},
		text: map[string]func(*manager.Account) []string{
			"read":          func(u *manager.Account) []string { return []string{u.Read.String()} },
			"write":         func(u *manager.Account) []string { return []string{u.Write.String()} },
			"write_timeout": func(u *manager.Account) []string { return []string{fmt.Sprintf("%d ms", u.WriteTimeout)} },
			"event_filters": func(u *manager.Account) []string { return convert(u.EventFilters, manager.EventFilter.String) },
		},
		notes:    a.amiAccountWarnings,
		noSecret: "a secret is generated",
		lost: func(name string) string {
			return "The generated secret is lost. Run 'pbxctl ami-account rotate " + name + "' for a new one."
		},
		empty: "No AMI accounts. Create one: pbxctl ami-account add NAME --preset click-to-call --permit ADDRESS",
		created: func(resource.Result[manager.Account]) string {
			return "Created. The account is pending: run 'pbxctl config apply'."
		},
		edited:  "Changed. The change is pending: run 'pbxctl config apply'.",
		deleted: "Deleted. The change is pending: the account works until 'pbxctl config apply'.",
	}
}

func amiAccountService(s *app.App) *manager.Service { return s.AMIAccounts }

func (a *cli) amiAccountCommand() *cobra.Command {
	n := a.amiAccounts()
	parent := newNoun("ami-account", "Manage AMI accounts, with which programs log in to Asterisk")
	parent.AddCommand(
		n.add("add NAME", "Create an AMI account; a generated secret is shown only once",
			"  pbxctl ami-account add crmpro_ami --preset click-to-call --permit 10.0.0.0/8", a.openOrCreate),
		n.list("List AMI accounts, sorted by name by default", nil), n.show(),
		n.edit("  pbxctl ami-account edit crmpro_ami --permit 10.1.0.0/16 --permit 192.0.2.7\n  pbxctl ami-account edit crmpro_ami --event-filters ''", "",
			func(u *manager.Account, secret store.Secret) { u.Secret = secret }),
		a.amiAccountRotate(),
		action(n, amiAccountService, "disable", "Remove an AMI account from Asterisk at the next apply, and keep its record", (*manager.Service).Disable),
		action(n, amiAccountService, "enable", "Restore a disabled AMI account at the next apply", (*manager.Service).Enable),
		n.delete("Delete an AMI account; the next apply removes it from Asterisk and ends its sessions"), a.amiAccountProbe(), a.amiAccountPresets(),
	)
	return parent
}

func (a *cli) amiAccountRotate() *cobra.Command {
	var secret secretFlags
	n := a.amiAccounts()
	cmd := n.verb("rotate", "Replace the secret of an AMI account; a generated secret is shown only once", func(ctx context.Context, s *app.App, name string) error {
		given, err := n.readSecret(ctx, s, &secret, "rotate", name)
		if err != nil {
			return err
		}
		rotated, err := s.AMIAccounts.Rotate(ctx, name, given)
		result, err := resource.WithGeneratedSecret(rotated, given, err)
		return n.printRecord(s, result, err, "Rotated. The change is pending: the old secret works until 'pbxctl config apply'.")
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
			var b strings.Builder
			for _, p := range presets {
				fmt.Fprintf(&b, "%s\n  %s\n  read: %s   write: %s\n", p.Name, p.Description, p.Read, p.Write)
			}
			return a.print(store.Page[manager.Preset]{Items: presets}, b.String())
		}),
	}
}

func (a *cli) lintAMIAccount(u *manager.Account) []manager.Warning { return a.settings.Host().Lint(u) }

func (a *cli) amiAccountWarnings(u *manager.Account) []string {
	var notes []string
	for _, warning := range a.lintAMIAccount(u) {
		notes = append(notes, "warning: "+warning.Field+": "+warning.Message)
	}
	return notes
}

func eventFiltersFlag() extraFlag[manager.Account] {
	return extraFlag[manager.Account]{
		name: "event-filters", placeholder: "FILTER", usage: "a filter such as exclude,event=Newexten or include,header=Channel,starts_with=PJSIP/; may be repeated",
		set: func(_ *app.App, u *manager.Account, given []string) []store.FieldError {
			filters, err := manager.ParseEventFilters(given...)
			u.EventFilters = filters
			return store.FieldErrorsAt("event_filters", err)
		},
	}
}

func (a *cli) amiAccountProbe() *cobra.Command {
	var address string
	var useTLS bool
	var secret secretFlags
	cmd := a.amiAccounts().verb("probe", "Test the login of an AMI account from this host", func(ctx context.Context, s *app.App, name string) error {
		given, errs, err := secret.read(ctx, a.stdin)
		if err != nil {
			return err
		}
		if err := store.NewInvalidError(errs...); err != nil {
			return err
		}
		opts := &manager.ProbeOptions{Address: address, Secret: given}
		if useTLS {
			opts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		result, err := s.Host().Probe(ctx, name, opts)
		if err != nil {
			return err
		}
		return a.printProbe(result)
	})
	cmd.Flags().StringVar(&address, "address", "", "address of AMI as `HOST:PORT` (default: that of --ami)")
	cmd.Flags().BoolVar(&useTLS, "tls", false, "use TLS")
	secret.register(cmd, "secret", "the secret of the account is used")
	return cmd
}

// printProbe fails if the login failed, so that scripts notice.
func (a *cli) printProbe(result *manager.ProbeResult) error {
	err := a.print(result, result.Message+"\n")
	if err == nil && result.Outcome != manager.LoggedIn {
		err = fmt.Errorf("the login failed (%s)", result.Outcome)
	}
	return err
}

package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) managerShow() *cobra.Command {
	return a.recordCommand("show NAME", "Show an account, without its secret", a.completeAMIAccounts, func(ctx context.Context, s *app.App, name string) error {
		u, err := s.AMIAccounts.Get(ctx, name)
		if err != nil {
			return err
		}
		return a.printAMIAccount(newAMIAccountView(u), "")
	})
}

func (a *cli) managerList() *cobra.Command {
	var query manager.Query
	var sort string
	cmd := &cobra.Command{Use: "list", Short: "List accounts, in the order of their names unless told otherwise", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&query.Search, "search", "", "only accounts whose name, owner or note contains this `TEXT`")
	cmd.Flags().StringVar(&sort, "sort", "", sortUsage(manager.SortFields()))
	cmd.Flags().StringVar(&query.After, "after", "", "begin after this `KEY`: the 'next' of the page before")
	cmd.Flags().IntVar(&query.Limit, "limit", store.DefaultPageLimit, limitUsage("accounts"))
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		var err error
		if query.Sort, err = store.ParseSort(sort, manager.SortFields()); err != nil {
			return err
		}
		list, err := s.AMIAccounts.List(cmd.Context(), query)
		if err != nil {
			return err
		}
		return a.print(list, func() string { return listText(query, list) })
	})
	return cmd
}

func listText(query manager.Query, list *store.Page[*manager.Account]) string {
	switch {
	case len(list.Items) > 0:
	case query.Search+query.After != "":
		return "No AMI account matches.\n"
	default:
		return "No AMI accounts. Make one: pbxctl manager add NAME --preset click-to-call --permit ADDRESS\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "NAME\tREAD\tWRITE\tPERMIT\tDISABLED\tOWNER")
	for _, u := range list.Items {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\t%s\n", cell(u.Name), u.Read, u.Write, cell(joinNetworks(u.Permit)), u.Disabled, cell(u.Owner))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}

func (a *cli) managerPresets() *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "List the ready choices of privileges",
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

// completeAMIAccounts completes the names of accounts in a shell.
func (a *cli) completeAMIAccounts(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeFrom(cmd, toComplete, manager.FoldName, func(ctx context.Context, s *app.App, page store.PageRequest) (names []string, next string, err error) {
		list, err := s.AMIAccounts.List(ctx, manager.Query{Search: toComplete, PageRequest: page})
		if err != nil {
			return nil, "", err
		}
		for _, u := range list.Items {
			names = append(names, u.Name)
		}
		return names, list.Next, nil
	})
}

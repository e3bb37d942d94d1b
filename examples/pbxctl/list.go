package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

func (a *app) managerShow() *cobra.Command {
	return a.about("show NAME", "Show an account, without its secret", a.completeAccounts, func(ctx context.Context, s *site.Site, name string) error {
		u, err := s.Managers.Get(ctx, name)
		if err != nil {
			return err
		}
		return a.printAccount(newAccount(u), "")
	})
}

func (a *app) managerList() *cobra.Command {
	var query manager.Query
	var sort string
	cmd := &cobra.Command{Use: "list", Short: "List accounts, in the order of their names unless told otherwise", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&query.Search, "search", "", "only accounts whose name, owner or note contains this `TEXT`")
	cmd.Flags().StringVar(&sort, "sort", "", sortUsage(manager.OrderFields()))
	cmd.Flags().StringVar(&query.After, "after", "", "begin after this `KEY`: the 'next' of the page before")
	cmd.Flags().IntVar(&query.Limit, "limit", store.DefaultPageLimit, limitUsage("accounts"))
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, _ []string) error {
		var err error
		if query.Order, err = store.ParseOrder(sort, manager.OrderFields()); err != nil {
			return err
		}
		list, err := s.Managers.List(cmd.Context(), query)
		if err != nil {
			return err
		}
		return a.print(list, func() string { return listText(query, list) })
	})
	return cmd
}

func listText(query manager.Query, list *store.List[*manager.User]) string {
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
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\t%s\n", cell(u.Name), u.Read, u.Write, cell(joined(u.Permit)), u.Disabled, cell(u.Owner))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}

func (a *app) managerPresets() *cobra.Command {
	return &cobra.Command{
		Use:   "presets",
		Short: "List the ready choices of privileges",
		Args:  cobra.NoArgs,
		RunE: a.do(func(*cobra.Command, []string) error {
			presets := manager.Presets()
			return a.print(store.List[manager.Preset]{Items: presets}, func() string {
				var b strings.Builder
				for _, p := range presets {
					fmt.Fprintf(&b, "%s\n  %s\n  read: %s   write: %s\n", p.Name, p.Purpose, p.Read, p.Write)
				}
				return b.String()
			})
		}),
	}
}

// completeAccounts completes the names of accounts in a shell.
func (a *app) completeAccounts(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completed(cmd, begun, manager.FoldName, func(ctx context.Context, s *site.Site, page store.Page) (names []string, next string, err error) {
		list, err := s.Managers.List(ctx, manager.Query{Search: begun, Page: page})
		if err != nil {
			return nil, "", err
		}
		for _, u := range list.Items {
			names = append(names, u.Name)
		}
		return names, list.Next, nil
	})
}

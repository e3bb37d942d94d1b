package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

func (a *cli) adminList() *cobra.Command {
	var query ampusers.Query
	var sort string
	cmd := &cobra.Command{Use: "list", Short: "List administrators, in the order of their usernames unless told otherwise", Args: cobra.NoArgs}
	cmd.Flags().StringVar(&query.Search, "search", "", "only those whose username or display name contains this `TEXT`")
	cmd.Flags().StringVar(&sort, "sort", "", sortUsage(ampusers.SortFields()))
	cmd.Flags().StringVar(&query.After, "after", "", "begin after this `KEY`: the 'next' of the page before")
	cmd.Flags().IntVar(&query.Limit, "limit", store.DefaultPageLimit, limitUsage("administrators"))
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		var err error
		if query.Sort, err = store.ParseSort(sort, ampusers.SortFields()); err != nil {
			return err
		}
		list, err := s.Administrators.List(cmd.Context(), query)
		if err != nil {
			return err
		}
		return a.print(list, func() string { return adminListText(query, list) })
	})
	return cmd
}

func sortUsage(fields []string) string {
	return "order by this `FIELD`: " + strings.Join(fields, ", ") + "; with - in front the other way around"
}

func limitUsage(items string) string {
	return fmt.Sprintf("`NUMBER` of %s at most, up to %d", items, store.MaxPageLimit)
}

func adminListText(query ampusers.Query, list *store.Page[*ampusers.Administrator]) string {
	switch {
	case len(list.Items) > 0:
	case query.Search+query.After != "":
		return "No administrator matches.\n"
	default:
		return "No administrators. Make the first one: pbxctl admin recover USERNAME\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "USERNAME\tDISPLAY NAME\tACCESS\tSECTIONS\tPASSWORD\tSECOND FACTOR\tDISABLED\tLAST LOGIN")
	for _, admin := range list.Items {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%v\t%v\t%v\t%s\n", cell(admin.Username), cell(admin.DisplayName), cell(admin.Access),
			cell(strings.Join(admin.Sections, ",")), admin.HasPassword, admin.HasSecondFactor, admin.Disabled, cell(localTime(admin.LastLoginAt)))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}

// completeAdministrators completes usernames in a shell.
func (a *cli) completeAdministrators(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeFrom(cmd, toComplete, ampusers.FoldUsername, func(ctx context.Context, s *app.App, page store.PageRequest) (names []string, next string, err error) {
		list, err := s.Administrators.List(ctx, ampusers.Query{Search: toComplete, PageRequest: page})
		if err != nil {
			return nil, "", err
		}
		for _, admin := range list.Items {
			names = append(names, admin.Username)
		}
		return names, list.Next, nil
	})
}

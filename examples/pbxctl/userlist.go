package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) userShow() *cobra.Command {
	return a.recordCommand("show USERNAME", "Show a person", a.completeUsers, func(ctx context.Context, s *app.App, username string) error {
		shown, err := s.Users.Get(ctx, username)
		if err != nil {
			return err
		}
		return a.printUser(userView{User: shown}, "")
	})
}

// userQuery is what lists of people may be asked.
type userQuery struct {
	userman.Query

	sort string
}

// register adds the flags of every list of people.
func (q *userQuery) register(flags *pflag.FlagSet) {
	flags.StringVar(&q.Search, "search", "", "only those of whom a name, address, number or extension contains this `TEXT`")
	flags.StringVar(&q.sort, "sort", "", sortUsage(userman.SortFields()))
	flags.StringVar(&q.After, "after", "", "begin after this `KEY`: the 'next' of the page before")
	flags.IntVar(&q.Limit, "limit", store.DefaultPageLimit, limitUsage("people"))
}

func (a *cli) userList() *cobra.Command {
	var query userQuery
	var status, directory string
	cmd := &cobra.Command{
		Use: "list", Short: "List people, in the order of their usernames unless told otherwise", Args: cobra.NoArgs,
		Example: "  pbxctl user list --search roe --sort last_name\n  pbxctl user list --group Sales --status enabled",
	}
	flags := cmd.Flags()
	query.register(flags)
	flags.StringVar(&query.Extension, "extension", "", "only those who have this `EXTENSION`, default or linked")
	flags.StringVar(&query.Group, "group", "", "only the members of this `GROUP`")
	flags.StringVar(&query.Email, "email", "", "only those whose primary email is this `ADDRESS`")
	flags.StringVar(&directory, "directory", "", "only those of the directory of this `NAME`; '' for those who are kept here")
	flags.StringVar(&status, "status", "", "only those of this `STATUS`: enabled or disabled")
	flags.BoolVar(&query.NotWelcomed, "not-welcomed", false, "only those who were never sent a welcome mail")
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions([]string{"enabled", "disabled"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("group", a.completeGroups)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		if flags.Changed("directory") {
			query.Directory = &directory
		}
		switch query.Status = userman.Status(status); query.Status {
		case "", userman.StatusEnabled, userman.StatusDisabled:
		default:
			return store.NewInvalidError(store.FieldError{Field: "status", Code: "oneof", Message: "choose enabled or disabled; 'pbxctl user deleted' lists deleted people"})
		}
		return a.listUsers(cmd.Context(), s, query, userListText)
	})
	return cmd
}

func (a *cli) userDeleted() *cobra.Command {
	var query userQuery
	cmd := &cobra.Command{Use: "deleted", Short: "List deleted people, who can be restored", Args: cobra.NoArgs}
	query.register(cmd.Flags())
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		query.Status = userman.StatusDeleted
		return a.listUsers(cmd.Context(), s, query, deletedListText)
	})
	return cmd
}

// listUsers prints a page of people.
func (a *cli) listUsers(ctx context.Context, s *app.App, query userQuery, text func(userQuery, *store.Page[*userman.User]) string) error {
	list, err := query.run(ctx, s)
	if err != nil {
		return err
	}
	return a.print(list, func() string { return text(query, list) })
}

// run reads the page.
func (q *userQuery) run(ctx context.Context, s *app.App) (list *store.Page[*userman.User], err error) {
	if q.Sort, err = store.ParseSort(q.sort, userman.SortFields()); err != nil {
		return nil, err
	}
	return s.Users.List(ctx, q.Query)
}

func userListText(query userQuery, list *store.Page[*userman.User]) string {
	if len(list.Items) == 0 {
		if filter := query.Query; filter.Search+filter.After+filter.Extension+filter.Group+filter.Email+string(filter.Status) != "" ||
			filter.Directory != nil || filter.NotWelcomed {
			return "Nobody matches.\n"
		}
		return "No people. Make one: pbxctl user add USERNAME --default-extension EXTENSION\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "USERNAME\tNAME\tEXTENSION\tEMAIL\tGROUPS\tDISABLED\tLAST LOGIN")
	for _, u := range list.Items {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%v\t%s\n", cell(u.Username), cell(u.Name()), cell(u.DefaultExtension), cell(u.Email),
			cell(strings.Join(u.Groups, ",")), u.Disabled, cell(localTime(u.LastLoginAt)))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}

func deletedListText(_ userQuery, list *store.Page[*userman.User]) string {
	if len(list.Items) == 0 {
		return "No deleted person matches.\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "ID\tUSERNAME\tNAME\tEXTENSION\tDELETED")
	for _, u := range list.Items {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", cell(u.ID), cell(u.Username), cell(u.Name()), cell(u.DefaultExtension), cell(localTime(u.DeletedAt)))
	}
	_ = w.Flush()
	return b.String() + moreText(list.Next)
}

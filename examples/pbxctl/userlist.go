package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/site"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *app) userShow() *cobra.Command {
	return a.about("show USERNAME", "Show a person", a.completePeople, func(ctx context.Context, s *site.Site, username string) error {
		shown, err := s.People.Get(ctx, username)
		if err != nil {
			return err
		}
		return a.printPerson(person{User: shown}, "")
	})
}

// personQuery is what lists of people may be asked.
type personQuery struct {
	userman.Query

	sort string
}

// register adds the flags of every list of people.
func (q *personQuery) register(flags *pflag.FlagSet) {
	flags.StringVar(&q.Search, "search", "", "only those of whom a name, address, number or extension contains this `TEXT`")
	flags.StringVar(&q.sort, "sort", "", sortUsage(userman.OrderFields()))
	flags.StringVar(&q.After, "after", "", "begin after this `KEY`: the 'next' of the page before")
	flags.IntVar(&q.Limit, "limit", store.DefaultPageLimit, limitUsage("people"))
}

func (a *app) userList() *cobra.Command {
	var query personQuery
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
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, _ []string) error {
		if flags.Changed("directory") {
			query.Directory = &directory
		}
		switch query.Status = userman.Status(status); query.Status {
		case "", userman.Enabled, userman.Disabled:
		default:
			return store.Invalid(store.FieldError{Field: "status", Code: "oneof", Message: "choose enabled or disabled; 'pbxctl user deleted' lists deleted people"})
		}
		return a.listPeople(cmd.Context(), s, query, personListText)
	})
	return cmd
}

func (a *app) userDeleted() *cobra.Command {
	var query personQuery
	cmd := &cobra.Command{Use: "deleted", Short: "List deleted people, who can be restored", Args: cobra.NoArgs}
	query.register(cmd.Flags())
	cmd.RunE = a.onSite(func(cmd *cobra.Command, s *site.Site, _ []string) error {
		query.Status = userman.Deleted
		return a.listPeople(cmd.Context(), s, query, deletedListText)
	})
	return cmd
}

// listPeople prints a page of people.
func (a *app) listPeople(ctx context.Context, s *site.Site, query personQuery, text func(personQuery, *store.List[*userman.User]) string) error {
	list, err := query.run(ctx, s)
	if err != nil {
		return err
	}
	return a.print(list, func() string { return text(query, list) })
}

// run reads the page.
func (q *personQuery) run(ctx context.Context, s *site.Site) (list *store.List[*userman.User], err error) {
	if q.Order, err = store.ParseOrder(q.sort, userman.OrderFields()); err != nil {
		return nil, err
	}
	return s.People.List(ctx, q.Query)
}

func personListText(query personQuery, list *store.List[*userman.User]) string {
	if len(list.Items) == 0 {
		if narrowed := query.Query; narrowed.Search+narrowed.After+narrowed.Extension+narrowed.Group+narrowed.Email+string(narrowed.Status) != "" ||
			narrowed.Directory != nil || narrowed.NotWelcomed {
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

func deletedListText(_ personQuery, list *store.List[*userman.User]) string {
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

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// listFlags are the flags of a list.
type listFlags struct {
	*fieldFlags // of the filters
	resource.Query

	sort       string
	sortFields []string
}

// registerList adds the flags of the list of a type.
func registerList[R any](cmd *cobra.Command, t *resource.Type[R]) *listFlags {
	f := &listFlags{fieldFlags: newFieldFlags(cmd)}
	if t.Unpaged {
		return f
	}
	flags := cmd.Flags()
	if t.Search != "" {
		flags.StringVar(&f.Search, "search", "", fieldUsage(field.Meta{Help: t.Search}, false))
	}
	if f.sortFields = t.Sort; t.Sort != nil {
		flags.StringVar(&f.sort, "sort", "", "sort by `FIELD`: "+strings.Join(t.Sort, ", ")+"; with a leading - in reverse")
	}
	for _, m := range t.Filters {
		f.add(m, false, false)
	}
	flags.StringVar(&f.After, "after", "", "continue after this `KEY`: the 'next' of the previous page")
	flags.IntVar(&f.Limit, "limit", store.DefaultPageLimit, limitUsage(t.Plural))
	return f
}

func limitUsage(items string) string {
	return fmt.Sprintf("maximum `NUMBER` of %s, up to %d", items, store.MaxPageLimit)
}

// query returns what the flags ask for.
func (f *listFlags) query() (q resource.Query, err error) {
	q = f.Query
	q.Filters = f.values()
	for _, m := range f.metas {
		value, given := q.Filters[m.Name]
		if given && len(m.OneOf) > 0 && !slices.Contains(m.OneOf, value.Text()) {
			return q, store.NewInvalidError(store.FieldError{Field: m.Name, Code: store.CodeOneOf, Message: "choose one of " + strings.Join(m.OneOf, ", ")})
		}
	}
	if f.sortFields != nil {
		q.Sort, err = store.ParseSort(f.sort, f.sortFields)
	}
	return q, err
}

// list is a command that lists records. narrow, which can be nil, changes what is
// asked for and may choose other columns.
func (n *noun[R]) list(short string, narrow func(q *resource.Query, args []string) (columns []string, err error)) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: short, Args: cobra.NoArgs}
	flags := registerList(cmd, n.declare(nil))
	cmd.RunE = n.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		q, err := flags.query()
		if err != nil {
			return err
		}
		columns := n.columns
		if narrow != nil {
			if columns, err = narrow(&q, args); err != nil {
				return err
			}
		}
		page, err := n.declare(s).List(cmd.Context(), q)
		if err != nil {
			return err
		}
		return n.printPage(s, q, page, columns)
	})
	return cmd
}

// printPage prints a page of records.
func (n *noun[R]) printPage(s *app.App, q resource.Query, page *store.Page[resource.Result[R]], columns []string) error {
	t := n.declare(s)
	text, err := n.listText(t, page, columns)
	if err != nil {
		return err
	}
	if len(page.Items) == 0 {
		text = n.empty + "\n"
		if q.Search+q.After != "" || len(q.Filters) > 0 {
			text = "No matches.\n"
		}
	}
	views := store.Page[any]{Items: []any{}, Next: page.Next}
	for _, result := range page.Items {
		views.Items = append(views.Items, listView(t, result))
	}
	return n.print(views, text)
}

// listView is a record of a list as JSON: what the service returns, with the owner
// where there is one.
func listView[R any](t *resource.Type[R], result resource.Result[R]) any {
	if result.Owner == "" {
		return result.Record
	}
	return t.View(result)
}

// complete completes the key that a command begins with.
func (n *noun[R]) complete(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return n.completeAny(cmd, nil, toComplete)
}

// completeAny completes a key anywhere in a command line.
func (n *noun[R]) completeAny(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return n.completeFrom(n.matchingKeys, cobra.ShellCompDirectiveNoFileComp)(cmd, nil, toComplete)
}

// completeFrom completes with what find returns of the database.
func (a *cli) completeFrom(find func(ctx context.Context, s *app.App, start string) ([]string, error), directive cobra.ShellCompDirective) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		defer a.close()
		if err := a.complete(cmd.Root().PersistentFlags()); err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		s, err := a.open(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		words, err := find(cmd.Context(), s, toComplete)
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return words, directive
	}
}

// matchingKeys returns the keys that begin with a text, if a shell can show them.
// It reads on until they fill a page.
func (n *noun[R]) matchingKeys(ctx context.Context, s *app.App, start string) ([]string, error) {
	t := n.declare(s)
	q := resource.Query{PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}
	if t.Search != "" {
		q.Search = start
	}
	var keys []string
	for {
		page, err := t.List(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, result := range page.Items {
			if key := t.KeyOf(result.Record); strings.HasPrefix(n.fold(key), n.fold(start)) && cell(key) == key {
				keys = append(keys, key)
			}
		}
		if q.After = page.Next; page.Next == "" || len(keys) >= store.MaxPageLimit {
			return keys, nil
		}
	}
}

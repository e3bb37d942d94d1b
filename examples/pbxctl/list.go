package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
)

// listFlags are the flags of a list.
type listFlags struct {
	listQuery

	sort       string
	sortFields []string
}

// register adds the flags. search says what a search looks through; an empty one
// means that there is no search, and no sortFields that there is one order.
func (f *listFlags) register(flags *pflag.FlagSet, items, search string, sortFields []string) {
	if search != "" {
		flags.StringVar(&f.Search, "search", "", "only "+items+" with this `TEXT` in "+search)
	}
	if f.sortFields = sortFields; sortFields != nil {
		flags.StringVar(&f.sort, "sort", "", "sort by `FIELD`: "+strings.Join(sortFields, ", ")+"; with a leading - in reverse")
	}
	flags.StringVar(&f.After, "after", "", "continue after this `KEY`: the 'next' of the previous page")
	flags.IntVar(&f.Limit, "limit", store.DefaultPageLimit, limitUsage(items))
}

func limitUsage(items string) string {
	return fmt.Sprintf("maximum `NUMBER` of %s, up to %d", items, store.MaxPageLimit)
}

// query returns what the flags ask for.
func (f *listFlags) query() (listQuery, error) {
	q := f.listQuery
	var err error
	if f.sortFields != nil {
		q.Sort, err = store.ParseSort(f.sort, f.sortFields)
	}
	return q, err
}

// listCommand lists the records, in the order of their keys by default.
func (r *resource[T]) listCommand(items, search string, sortFields []string) *cobra.Command {
	var flags listFlags
	cmd := &cobra.Command{Use: "list", Short: "List " + items + ", sorted by " + strings.ToLower(r.argument) + " by default", Args: cobra.NoArgs}
	flags.register(cmd.Flags(), items, search, sortFields)
	cmd.RunE = r.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
		q, err := flags.query()
		if err != nil {
			return err
		}
		page, err := r.list(cmd.Context(), s, q)
		return r.printPage(page, err, q.Search+q.After != "")
	})
	return cmd
}

// printPage prints a page of records, unless err says that there is none.
func (r *resource[T]) printPage(page *store.Page[*T], err error, filtered bool) error {
	if err != nil {
		return err
	}
	empty := r.empty
	if filtered {
		empty = "No matches."
	}
	return r.print(page, func() string { return listText(page, r.columns, empty) })
}

// complete completes the key that a command begins with.
func (r *resource[T]) complete(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return r.completeAny(cmd, nil, toComplete)
}

// completeAny completes a key anywhere in a command line. It reads on until the
// keys fill a page.
func (r *resource[T]) completeAny(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	defer r.close()
	s, err := r.openForCompletion(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	keys, err := r.matchingKeys(cmd.Context(), s, toComplete)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return keys, cobra.ShellCompDirectiveNoFileComp
}

// matchingKeys returns the keys that begin with a text, if a shell can show them.
func (r *resource[T]) matchingKeys(ctx context.Context, s *app.App, start string) ([]string, error) {
	var keys []string
	for q := (listQuery{Search: start, PageRequest: store.PageRequest{Limit: store.MaxPageLimit}}); ; {
		page, err := r.list(ctx, s, q)
		if err != nil {
			return nil, err
		}
		for _, record := range page.Items {
			if key := r.key(record); strings.HasPrefix(r.fold(key), r.fold(start)) && cell(key) == key {
				keys = append(keys, key)
			}
		}
		if q.After = page.Next; page.Next == "" || len(keys) >= store.MaxPageLimit {
			return keys, nil
		}
	}
}

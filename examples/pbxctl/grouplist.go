package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// printGroup prints a group, and what was done.
func (a *cli) printGroup(g *userman.Group, footer string) error {
	return a.print(g, func() string {
		var b strings.Builder
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		row := func(label string, value any) { _, _ = fmt.Fprintf(w, "%s\t%s\n", label, cell(value)) }
		row("name", g.Name)
		row("description", g.Description)
		row("priority", g.Priority)
		row("default", g.Default)
		row("members", g.Members)
		writePermissions(row, g.Permissions)
		row("directory", g.Directory)
		_ = w.Flush()
		if footer != "" {
			b.WriteString(footer + "\n")
		}
		return b.String()
	})
}

func (a *cli) groupShow() *cobra.Command {
	return a.recordCommand("show NAME", "Show a group", a.completeGroup, func(ctx context.Context, s *app.App, name string) error {
		g, err := s.Users.Group(ctx, name)
		if err != nil {
			return err
		}
		return a.printGroup(g, "")
	})
}

func (a *cli) groupList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all groups, in the order in which they count",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			groups, err := s.Users.Groups(cmd.Context())
			if err != nil {
				return err
			}
			return a.print(store.Page[*userman.Group]{Items: groups}, func() string { return groupListText(groups) })
		}),
	}
}

func groupListText(groups []*userman.Group) string {
	if len(groups) == 0 {
		return "No groups. Make one: pbxctl group add NAME --default\n"
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PRIORITY\tNAME\tDESCRIPTION\tMEMBERS\tDEFAULT")
	for _, g := range groups {
		_, _ = fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%v\n", g.Priority, cell(g.Name), cell(g.Description), g.Members, g.Default)
	}
	_ = w.Flush()
	return b.String()
}

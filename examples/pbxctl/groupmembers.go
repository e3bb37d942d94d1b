package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func (a *cli) groupMembers() *cobra.Command {
	var query userListFlags
	cmd := a.groups().one("members", "List the members of a group", func(ctx context.Context, s *app.App, name string) error {
		// A group that does not exist has no list, not an empty one.
		if _, err := s.Users.Group(ctx, name); err != nil {
			return err
		}
		query.filter.Group = name
		page, err := query.page(ctx, s)
		if err != nil {
			return err
		}
		return a.print(newMembers(page), func() string { return listText(page, a.users().columns, "No matches.") })
	})
	query.register(cmd.Flags())
	return cmd
}

// member is a member of a group as it is printed.
type member struct {
	Username         string `json:"username"`
	Name             string `json:"name"`
	DefaultExtension string `json:"default_extension"`
	Disabled         bool   `json:"disabled"`
}

func newMembers(page *store.Page[*userman.User]) store.Page[member] {
	members := store.Page[member]{Items: make([]member, len(page.Items)), Next: page.Next}
	for i, u := range page.Items {
		members.Items[i] = member{u.Username, u.Name(), u.DefaultExtension, u.Disabled}
	}
	return members
}

// groupMemberAction is a command that changes the members of a group.
func (a *cli) groupMemberAction(use, short string, act func(*userman.Service, context.Context, string, ...string) error) *cobra.Command {
	r := a.groups()
	return &cobra.Command{
		Use:   use + " NAME USERNAME...",
		Short: short + ", all of them or none",
		Args:  cobra.MinimumNArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return a.users().completeAny(cmd, nil, toComplete)
			}
			return r.complete(cmd, nil, toComplete)
		},
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			if err := act(s.Users, cmd.Context(), args[0], args[1:]...); err != nil {
				return err
			}
			changed, err := s.Users.Group(cmd.Context(), args[0])
			return r.printResult(cmd.Context(), s, changed, err, r.edited)
		}),
	}
}

// memberImpact is the effect of deleting a group on its members.
type memberImpact struct {
	Items []userman.MemberImpact `json:"items"`
	// Total counts all members, including those that Items does not show.
	Total int `json:"total"`
}

func (a *cli) groupImpact() *cobra.Command {
	var limit int
	cmd := a.groups().one("impact", "Show what each member would lose if a group were deleted", func(ctx context.Context, s *app.App, name string) error {
		items, total, err := s.Users.PreviewDeleteGroup(ctx, name, store.PageRequest{Limit: limit}.EffectiveLimit())
		if err != nil {
			return err
		}
		impact := memberImpact{Items: items, Total: total}
		return a.print(impact, impact.text)
	})
	cmd.Flags().IntVar(&limit, "limit", store.DefaultPageLimit, limitUsage("members"))
	return cmd
}

func (i memberImpact) text() string {
	var rows [][]any
	for _, item := range i.Items {
		if len(item.Changes) == 0 {
			rows = append(rows, []any{item.Username, "loses nothing"})
		}
		for _, change := range item.Changes {
			rows = append(rows, []any{item.Username, change.Permission, fmt.Sprintf("%s -> %s", cell(change.Before), cell(change.After))})
		}
	}
	return tableText(rows) + fmt.Sprintf("%d members, %d shown.\n", i.Total, len(i.Items))
}

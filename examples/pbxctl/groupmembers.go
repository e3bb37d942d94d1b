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

func (a *cli) groupMembers() *cobra.Command {
	var query userQuery
	cmd := &cobra.Command{
		Use:               "members NAME",
		Short:             "List the members of a group",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeGroup,
	}
	query.register(cmd.Flags())
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		// A group that there is not has no list, not an empty one.
		if _, err := s.Users.Group(cmd.Context(), args[0]); err != nil {
			return err
		}
		query.Group = args[0]
		list, err := query.run(cmd.Context(), s)
		if err != nil {
			return err
		}
		return a.print(membersOf(list), func() string { return userListText(query, list) })
	})
	return cmd
}

// member is somebody in a group as it is printed.
type member struct {
	Username         string `json:"username"`
	Name             string `json:"name"`
	DefaultExtension string `json:"default_extension"`
	Disabled         bool   `json:"disabled"`
}

func membersOf(list *store.Page[*userman.User]) store.Page[member] {
	members := store.Page[member]{Items: make([]member, len(list.Items)), Next: list.Next}
	for i, u := range list.Items {
		members.Items[i] = member{u.Username, u.Name(), u.DefaultExtension, u.Disabled}
	}
	return members
}

// groupMemberAction is a command that changes who is in a group.
func (a *cli) groupMemberAction(use, short string, act func(*userman.Service, context.Context, string, ...string) error) *cobra.Command {
	return &cobra.Command{
		Use:               use + " NAME USERNAME...",
		Short:             short + ": all of them, or none",
		Args:              cobra.MinimumNArgs(2),
		ValidArgsFunction: a.completeGroupAndMembers,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			if err := act(s.Users, cmd.Context(), args[0], args[1:]...); err != nil {
				return err
			}
			changed, err := s.Users.Group(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return a.printGroup(changed, "Changed.")
		}),
	}
}

// memberImpact is what would change if a group were deleted, as it is printed.
type memberImpact struct {
	Items []userman.MemberImpact `json:"items"`
	// Total counts all members, also those whom Items do not show.
	Total int `json:"total"`
}

func (a *cli) groupImpact() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:               "impact NAME",
		Short:             "Show what would change, and for whom, if a group were deleted",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeGroup,
	}
	cmd.Flags().IntVar(&limit, "limit", store.DefaultPageLimit, limitUsage("members"))
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		items, total, err := s.Users.PreviewDeleteGroup(cmd.Context(), args[0], store.PageRequest{Limit: limit}.EffectiveLimit())
		if err != nil {
			return err
		}
		shown := memberImpact{Items: items, Total: total}
		return a.print(shown, shown.text)
	})
	return cmd
}

func (i memberImpact) text() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, item := range i.Items {
		if len(item.Changes) == 0 {
			_, _ = fmt.Fprintf(w, "%s\tloses nothing\t\n", cell(item.Username))
		}
		for _, change := range item.Changes {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s -> %s\n", cell(item.Username), cell(change.Permission), cell(change.Before), cell(change.After))
		}
	}
	_ = w.Flush()
	fmt.Fprintf(&b, "%d members, %d of them shown.\n", i.Total, len(i.Items))
	return b.String()
}

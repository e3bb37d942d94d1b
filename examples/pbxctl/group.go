package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *cli) groups() *noun[userman.Group] {
	return &noun[userman.Group]{
		cli: a, article: "a group", argument: "NAME", fold: userman.FoldGroupName,
		declare: func(s *app.App) *resource.Type[userman.Group] {
			return resource.Groups(func(context.Context) *userman.Service { return userService(s) })
		},
		extra:   []extraFlag[userman.Group]{permissionsFlag(a, func(g *userman.Group) *permission.Permissions { return &g.Permissions })},
		columns: []string{"priority", "name", "description", "members", "default"},
		text: map[string]func(*userman.Group) []string{
			"permissions": func(g *userman.Group) []string { return g.Permissions.Texts() },
		},
		empty:   "No groups. Create one: pbxctl group add NAME --default",
		created: func(resource.Result[userman.Group]) string { return "Created." },
		edited:  "Changed.", deleted: "Deleted.",
	}
}

func (a *cli) groupCommand() *cobra.Command {
	n := a.groups()
	parent := newNoun("group", "Manage groups of users and their permissions")
	parent.AddCommand(
		n.add("add NAME", "Create a group",
			"  pbxctl group add Sales --permissions portal.click_to_dial=on --permissions voicemail.extensions=self,4000\n"+
				"  pbxctl group add Everybody --default --priority 1000 --permissions xmpp.login=on", a.openOrCreate),
		n.list("List all groups, in order of priority", nil), n.show(),
		n.edit("  pbxctl group edit Sales --priority 10 --permissions xmpp.login=", permissionsNote, nil),
		n.delete("Delete a group; one with members needs --force, see 'pbxctl group impact'"), a.groupMembers(), a.groupImpact(),
		a.groupMemberAction("add-member", "Add users to a group", (*userman.GroupService).AddMembers),
		a.groupMemberAction("remove-member", "Remove users from a group", (*userman.GroupService).RemoveMembers),
	)
	return parent
}

func (a *cli) groupMembers() *cobra.Command {
	var flags *listFlags
	users := a.users()
	cmd := a.groups().verb("members", "List the members of a group", func(ctx context.Context, s *app.App, name string) error {
		// A group that does not exist has no list, not an empty one.
		if _, err := s.Users.Groups().Get(ctx, name); err != nil {
			return err
		}
		q, err := flags.query()
		if err != nil {
			return err
		}
		q.Filters["group"] = field.TextValue(name)
		t := users.declare(s)
		page, err := t.List(ctx, q)
		if err != nil {
			return err
		}
		members := store.Page[userman.Member]{Next: page.Next}
		members.Items = convert(page.Items, func(r resource.Result[userman.User]) userman.Member { return r.Record.AsMember() })
		text, err := users.listText(t, page, users.columns)
		if err != nil {
			return err
		}
		if len(page.Items) == 0 {
			text = "No matches.\n"
		}
		return a.print(members, text)
	})
	t := users.declare(nil)
	t.Filters = nil
	flags = registerList(cmd, t)
	return cmd
}

// groupMemberAction is a command that changes the members of a group.
func (a *cli) groupMemberAction(use, short string, act func(*userman.GroupService, context.Context, string, ...string) error) *cobra.Command {
	n, dryRun := a.groups(), false
	cmd := &cobra.Command{
		Use:   use + " NAME USERNAME...",
		Short: short + ", all of them or none",
		Args:  cobra.MinimumNArgs(2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return a.users().completeAny(cmd, nil, toComplete)
			}
			return n.complete(cmd, nil, toComplete)
		},
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
			change := func(ctx context.Context, users *userman.Service) error {
				return act(users.Groups(), ctx, args[0], args[1:]...)
			}
			revocations, err := s.Users.PreviewRevocations(cmd.Context(), resource.MaxRevocations, change)
			if err := a.printRevocations(revocations, err, dryRun); err != nil || dryRun {
				return err
			}
			if err := change(cmd.Context(), s.Users); err != nil {
				return err
			}
			changed, err := s.Users.Groups().Get(cmd.Context(), args[0])
			return n.printRecord(s, resource.Result[userman.Group]{Record: changed}, err, n.edited)
		}),
	}
	registerDryRun(cmd, &dryRun)
	return cmd
}

func registerDryRun(cmd *cobra.Command, dryRun *bool) {
	cmd.Flags().BoolVar(dryRun, "dry-run", false, "show whose credentials the change would end, and change nothing")
}

// memberImpact is the effect of deleting a group on its members.
type memberImpact struct {
	Items []userman.MemberImpact `json:"items"`
	// Total counts all members, including those that Items does not show.
	Total int `json:"total"`
}

func (a *cli) groupImpact() *cobra.Command {
	var limit int
	cmd := a.groups().verb("impact", "Preview how the permissions of each member would change if a group were deleted", func(ctx context.Context, s *app.App, name string) error {
		impact, err := s.Users.Groups().PreviewDelete(ctx, name, store.PageRequest{Limit: limit}.EffectiveLimit())
		if err != nil {
			return err
		}
		return a.print(memberImpact{impact.Items, impact.Total}, impactText(impact.Items)+fmt.Sprintf("%d members, %d shown.\n", impact.Total, len(impact.Items)))
	})
	cmd.Flags().IntVar(&limit, "limit", store.DefaultPageLimit, limitUsage("members"))
	return cmd
}

// printRevocations prints whose credentials a change ends: as the result of a dry run,
// else as a warning. The change itself returns the error of a preview.
func (a *cli) printRevocations(revocations *userman.Revocations, previewErr error, dryRun bool) error {
	switch {
	case dryRun && previewErr != nil:
		return previewErr
	case previewErr != nil || !dryRun && revocations.Total == 0:
		return nil //nolint:nilerr // the change itself returns the error
	case dryRun:
		return a.print(revocations, revocationsText(revocations)+fmt.Sprintf("Accounts whose credentials would end: %d. Nothing was changed.\n", revocations.Total))
	}
	_, err := fmt.Fprintf(a.stderr, "warning: accounts whose credentials end: %d\n%s", revocations.Total, revocationsText(revocations))
	return err
}

func revocationsText(revocations *userman.Revocations) string {
	var rows [][]any
	for _, item := range revocations.Items {
		labels := convert(item.Credentials, credential.Kind.Label)
		rows = append(rows, []any{item.Username, strings.Join(labels, ", ")})
	}
	return tableText(rows)
}

func impactText(items []userman.MemberImpact) string {
	var rows [][]any
	for _, item := range items {
		if len(item.Changes) == 0 {
			rows = append(rows, []any{item.Username, "loses nothing"})
		}
		for _, change := range item.Changes {
			rows = append(rows, []any{item.Username, change.Permission, fmt.Sprintf("%s -> %s", cell(change.Before), cell(change.After))})
		}
	}
	return tableText(rows)
}

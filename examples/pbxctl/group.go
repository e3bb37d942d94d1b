package main

import (
	"context"

	"github.com/pbxusers/pbxusers/userman/permission"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// groups declares the groups for the commands that all records share.
func (a *cli) groups() *resource[userman.Group] {
	return &resource[userman.Group]{
		cli: a, noun: "group", article: "a group", argument: "NAME", kind: userman.KindGroup,
		fields: groupFields(), extra: []extraFlag[userman.Group]{permissionsFlag(a, func(g *userman.Group) *permission.Permissions { return &g.Permissions })},
		key:  func(g *userman.Group) string { return g.Name },
		fold: userman.FoldGroupName,
		get: func(ctx context.Context, s *app.App, key string) (*userman.Group, error) {
			return s.Users.Group(ctx, key)
		},
		list: func(ctx context.Context, s *app.App, _ listQuery) (*store.Page[*userman.Group], error) {
			groups, err := s.Users.Groups(ctx)
			return &store.Page[*userman.Group]{Items: groups}, err
		},
		update: func(ctx context.Context, s *app.App, key string, edit func(*userman.Group) error) (*userman.Group, error) {
			return s.Users.UpdateGroup(ctx, key, edit)
		},
		view: func(_ context.Context, _ *app.App, g *userman.Group) (view, error) { return groupView{g}, nil },
		columns: []column[userman.Group]{
			{"PRIORITY", func(g *userman.Group) any { return g.Priority }},
			{"NAME", func(g *userman.Group) any { return g.Name }},
			{"DESCRIPTION", func(g *userman.Group) any { return g.Description }},
			{"MEMBERS", func(g *userman.Group) any { return g.Members }},
			{"DEFAULT", func(g *userman.Group) any { return g.Default }},
		},
		empty:  "No groups. Create one: pbxctl group add NAME --default",
		edited: "Changed.", deleted: "Deleted.",
	}
}

func (a *cli) groupCommand() *cobra.Command {
	r := a.groups()
	parent := newNoun("group", "Manage groups of users and their permissions")
	parent.AddCommand(
		a.groupAdd(), a.groupList(), r.showCommand(), r.editCommand("  pbxctl group edit Sales --priority 10 --permissions xmpp.login=", permissionsNote, nil),
		a.groupDelete(), a.groupMembers(), a.groupImpact(),
		a.groupMemberAction("add-member", "Add users to a group", (*userman.Service).AddMembers),
		a.groupMemberAction("remove-member", "Remove users from a group", (*userman.Service).RemoveMembers),
	)
	return parent
}

func (a *cli) groupAdd() *cobra.Command {
	return a.groups().addCommand(&addCommand[userman.Group]{
		Command: cobra.Command{
			Use:   "add NAME",
			Short: "Create a group",
			Example: "  pbxctl group add Sales --permissions portal.click_to_dial=on --permissions voicemail.extensions=self,4000\n" +
				"  pbxctl group add Everybody --default --priority 1000 --permissions xmpp.login=on",
		},
		anyDatabase: true,
		fresh:       func(name string) *userman.Group { return &userman.Group{Name: name} },
		create: func(ctx context.Context, s *app.App, g *userman.Group, _ store.Secret) (*userman.Group, error) {
			return s.Users.CreateGroup(ctx, g)
		},
		done: func(_ context.Context, _ *app.App, created *userman.Group, _ store.Secret) error {
			return a.printView(groupView{created}, "Created.")
		},
	})
}

func (a *cli) groupList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all groups, in order of priority",
		Args:  cobra.NoArgs,
		RunE: a.withApp(func(cmd *cobra.Command, s *app.App, _ []string) error {
			page, err := a.groups().list(cmd.Context(), s, listQuery{})
			return a.groups().printPage(page, err, false)
		}),
	}
}

func (a *cli) groupDelete() *cobra.Command {
	var force bool
	r := a.groups()
	r.remove = func(ctx context.Context, s *app.App, name string) error { return s.Users.DeleteGroup(ctx, name, force) }
	cmd := r.deleteCommand("Delete a group; one with members needs --force, see 'pbxctl group impact'")
	cmd.Flags().BoolVar(&force, "force", false, "remove all members first")
	return cmd
}

// groupView is a group as it is printed.
type groupView struct{ *userman.Group }

func (v groupView) rows() [][]any {
	rows := append([][]any{{"name", v.Name}}, fieldRows(groupFields(), v.Group, "name")...)
	rows = append(rows, []any{"members", v.Members})
	rows = append(rows, permissionRows(v.Permissions)...)
	return append(rows, []any{"directory", v.Directory})
}

func (v groupView) notes() []string  { return nil }
func (v groupView) lostHint() string { return "" }

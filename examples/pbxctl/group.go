package main

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func (a *cli) groupCommand() *cobra.Command {
	parent := &cobra.Command{Use: "group", Short: "Groups of people, and what they permit", Args: cobra.NoArgs, RunE: requireSubcommand}
	parent.AddCommand(
		a.groupAdd(), a.groupList(), a.groupShow(), a.groupEdit(), a.groupDelete(), a.groupMembers(), a.groupImpact(),
		a.groupMemberAction("add-member", "Put people into a group", (*userman.Service).AddMembers),
		a.groupMemberAction("remove-member", "Take people out of a group", (*userman.Service).RemoveMembers),
	)
	return parent
}

// groupFlags are the fields of a group, each a flag of the field's name.
type groupFlags struct {
	group       userman.Group
	permissions []string
}

func (f *groupFlags) register(a *cli, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.group.Description, "description", "", "`TEXT` for people")
	flags.IntVar(&f.group.Priority, "priority", userman.DefaultPriority, "`NUMBER`, 1 to 10000; of the groups that say something the one with the least counts")
	flags.BoolVar(&f.group.Default, "default", false, "put new people into this group")
	registerPermissions(a, cmd, &f.permissions)
}

// groupFields are the fields whose flags were given.
type groupFields struct {
	flags       *pflag.FlagSet
	from        userman.Group
	permissions permissionChanges
	// fieldErrs are those that cannot be read.
	fieldErrs flagErrors
}

func (f *groupFlags) parse(flags *pflag.FlagSet, registry []permission.Permission) *groupFields {
	fields := &groupFields{flags: flags, from: f.group}
	fields.permissions, fields.fieldErrs = parsePermissions(registry, f.permissions)
	return fields
}

// set sets the fields of to that were given. It may run more than once.
func (f *groupFields) set(to *userman.Group) {
	if f.flags.Changed("description") {
		to.Description = f.from.Description
	}
	if f.flags.Changed("priority") {
		to.Priority = f.from.Priority
	}
	if f.flags.Changed("default") {
		to.Default = f.from.Default
	}
	to.Permissions = f.permissions.applyTo(to.Permissions)
}

func (a *cli) groupAdd() *cobra.Command {
	var flags groupFlags
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Make a group",
		Example: "  pbxctl group add Sales --permissions portal.click_to_dial=on --permissions voicemail.extensions=self,4000\n" +
			"  pbxctl group add Everybody --default --priority 1000 --permissions xmpp.login=on",
		Args: cobra.ExactArgs(1),
	}
	flags.register(a, cmd)
	cmd.RunE = a.runE(func(cmd *cobra.Command, args []string) error {
		s, err := a.openOrCreate(cmd.Context())
		if err != nil {
			return err
		}
		fields := flags.parse(cmd.Flags(), s.Users.Permissions())
		wanted := &userman.Group{Name: args[0]}
		fields.set(wanted)
		act := groupEvent(cmd.Context(), s, "create", args[0])
		created, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*userman.Group, error) {
			return s.Users.CreateGroup(ctx, wanted)
		})
		if err != nil {
			return err
		}
		return a.printGroup(created, "Made.")
	})
	return cmd
}

func (a *cli) groupEdit() *cobra.Command {
	var flags groupFlags
	cmd := &cobra.Command{
		Use:   "edit NAME",
		Short: "Change the given fields of a group, and keep the others",
		Long: "Change the given fields of a group, and keep the others; an empty value clears one. Of the permissions those are changed\n" +
			"that are named: ID= says nothing of it any more, and '' does so for all.",
		Example:           "  pbxctl group edit Sales --priority 10 --permissions xmpp.login=",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeGroup,
		PreRunE:           requireChange,
	}
	flags.register(a, cmd)
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		fields := flags.parse(cmd.Flags(), s.Users.Permissions())
		act := groupEvent(cmd.Context(), s, "update", args[0])
		updated, err := withFlagErrors(cmd.Context(), s, fields.fieldErrs, act, func(ctx context.Context) (*userman.Group, error) {
			return s.Users.UpdateGroup(ctx, args[0], func(to *userman.Group) error {
				fields.set(to)
				return nil
			})
		})
		if err != nil {
			return err
		}
		return a.printGroup(updated, "Changed.")
	})
	return cmd
}

func (a *cli) groupDelete() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:               "delete NAME",
		Short:             "Delete a group; one that has members is refused without --force, see 'pbxctl group impact'",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeGroup,
	}
	cmd.Flags().BoolVar(&force, "force", false, "take everybody out of it first")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		name := args[0]
		if g, err := s.Users.Group(cmd.Context(), name); err == nil {
			name = g.Name // as it is stored
		}
		if err := s.Users.DeleteGroup(cmd.Context(), name, force); err != nil {
			return err
		}
		return a.print(map[string]string{"deleted": name}, func() string { return "Deleted.\n" })
	})
	return cmd
}

package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// permissionsFlag is the flag for the permissions of a user or a group.
func permissionsFlag[R any](a *cli, at func(*R) *permission.Permissions) extraFlag[R] {
	return extraFlag[R]{
		name: "permissions", placeholder: "ID=VALUE", complete: a.completeFrom(matchingPermissions, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace),
		usage: "a permission: on or off, or a list such as self,4005; +4005 adds to the inherited list; none means no access; ID= inherits the value again; may be repeated",
		set: func(s *app.App, record *R, given []string) []store.FieldError {
			edited, errs := at(record).Edit(s.Users.Permissions(), given)
			*at(record) = edited
			return errs
		},
	}
}

// permissionsNote is how 'edit' treats permissions.
const permissionsNote = "\nOnly the named permissions change: ID= inherits a permission again, and '' inherits all."

// matchingPermissions returns the permissions that begin with a text, as a flag
// writes them.
func matchingPermissions(_ context.Context, s *app.App, start string) ([]string, error) {
	var ids []string
	for _, p := range s.Users.Permissions() {
		if strings.HasPrefix(p.ID, start) {
			ids = append(ids, p.ID+"=")
		}
	}
	return ids, nil
}

func (a *cli) userPermissions() *cobra.Command {
	var only []string
	cmd := &cobra.Command{
		Use:   "permissions [USERNAME]",
		Short: "Explain the permissions of a user; without a username, list all permissions",
		Long: "Explain the effective permissions of a user. A grant of the user takes precedence, then those of the groups by priority and name,\n" +
			"then the default. Without a username, list the permissions that exist.",
		Example:           "  pbxctl user permissions\n  pbxctl user permissions jane.roe --permission voicemail.extensions",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.users().complete,
		PreRunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(only) > 0 {
				return errors.New("--permission needs a username")
			}
			return nil
		},
	}
	cmd.Flags().StringArrayVar(&only, "permission", nil, "only the permission with this `ID`; may be repeated (default: all)")
	cmd.RunE = a.withApp(func(cmd *cobra.Command, s *app.App, args []string) error {
		if len(args) == 0 {
			permissions := s.Users.Permissions()
			text := tableOf(permissions, func(p permission.Permission) []any { return []any{p.ID, p.Kind, p.Default, p.Description} },
				"PERMISSION", "KIND", "DEFAULT", "DESCRIPTION")
			return a.print(store.Page[permission.Permission]{Items: permissions}, text)
		}
		effective, err := s.Users.EffectivePermissions(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		explained, err := effective.ExplainEach(only...)
		if err != nil {
			return err
		}
		text := tableOf(explained, func(e *permission.Explanation) []any {
			return []any{e.Permission.ID, effective.Format(e.Permission.ID), e.Summary}
		}, "PERMISSION", "VALUE", "WHY")
		return a.print(store.Page[*permission.Explanation]{Items: explained}, text)
	})
	return cmd
}

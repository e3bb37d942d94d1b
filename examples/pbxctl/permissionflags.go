package main

import (
	"fmt"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// registerPermissions adds the flag --permissions to cmd.
func registerPermissions(a *cli, cmd *cobra.Command, given *[]string) {
	cmd.Flags().StringArrayVar(given, "permissions", nil,
		"`ID=VALUE` of a permission: on or off; or a list such as self,4005, with a plus in front to add to what others give, or none; ID= says nothing any more; may be repeated")
	_ = cmd.RegisterFlagCompletionFunc("permissions", a.completePermissions)
}

// permissionChanges are what flags say of permissions.
type permissionChanges struct {
	// clear drops all that was said before.
	clear bool
	// values by the ID of the permission; nil says nothing of it any more.
	values map[string]*permission.Value
}

// applyTo returns said with the changes, as a copy.
func (c permissionChanges) applyTo(grants permission.Permissions) permission.Permissions {
	result := permission.Permissions{}
	if !c.clear {
		maps.Copy(result, grants)
	}
	for id, value := range c.values {
		if value == nil {
			delete(result, id)
		} else {
			result[id] = *value
		}
	}
	return result
}

// parsePermissions reads flags written as ID=VALUE, each after the one before.
func parsePermissions(registry []permission.Permission, given []string) (permissionChanges, []store.FieldError) {
	changes := permissionChanges{values: map[string]*permission.Value{}}
	var errs []store.FieldError
	for i, text := range given {
		id, written, ok := strings.Cut(text, "=")
		id = strings.TrimSpace(id)
		switch {
		case text == "":
			changes = permissionChanges{clear: true, values: map[string]*permission.Value{}}
		case !ok || id == "":
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("permissions[%d]", i), Code: "syntax", Message: "write ID=VALUE, such as xmpp.login=on, or ID= to say nothing of it",
			})
		case strings.TrimSpace(written) == "":
			changes.values[id] = nil
		default:
			value, valueErrs := parsePermission(registry, id, written)
			errs = append(errs, valueErrs...)
			changes.values[id] = &value
		}
	}
	return changes, errs
}

// parsePermission reads one value. That of a permission that there is not is
// any: the service refuses it by the name.
func parsePermission(registry []permission.Permission, id, written string) (permission.Value, []store.FieldError) {
	for _, p := range registry {
		if p.ID != id {
			continue
		}
		value, err := permission.ParseValue(p.Kind, written)
		errs := prefixFieldErrors("", err)
		for i := range errs {
			errs[i].Field = "permissions." + id
		}
		if len(errs) > 0 {
			value = p.Default // which the service takes
		}
		return value, errs
	}
	return permission.Off(), nil
}

// completePermissions completes the IDs of permissions in a shell.
func (a *cli) completePermissions(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	defer a.close()
	s, err := a.openForCompletion(cmd)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, p := range s.Users.Permissions() {
		if strings.HasPrefix(p.ID, toComplete) {
			ids = append(ids, p.ID+"=")
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

package web

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// groupInput is what the form of a group holds, but for the name.
type groupInput struct {
	Description, Priority string
	Default               bool
	Permissions           permissionsInput
}

func readGroup(form url.Values, registered []permission.Permission) groupInput {
	return groupInput{
		Description: form.Get("description"), Priority: strings.TrimSpace(form.Get("priority")), Default: form.Has("default"),
		Permissions: readPermissions(form, registered),
	}
}

func inputOfGroup(g *userman.Group, registered []permission.Permission) groupInput {
	return groupInput{
		Description: g.Description, Priority: strconv.Itoa(g.Priority), Default: g.Default,
		Permissions: inputOfPermissions(g.Permissions, registered),
	}
}

// fill puts the form into g, and returns what cannot be read. Where something
// cannot, it leaves what the service refuses too, so that all that is wrong
// with a form is said at once.
func (in groupInput) fill(g *userman.Group, registered []permission.Permission) []store.FieldError {
	var errs []store.FieldError
	g.Description, g.Default = in.Description, in.Default
	g.Priority, errs = parsePriority(in.Priority)
	if invalid, ok := errors.AsType[*store.InvalidError](in.Permissions.fill(&g.Permissions, registered)); ok {
		errs = append(errs, invalid.Fields...)
		for _, p := range registered {
			if len((formErrors{fields: invalid.Fields}).forField(permissionField(p.ID))) > 0 {
				g.Permissions[p.ID] = placeholderValue(p.Kind)
			}
		}
	}
	return errs
}

// placeholderValue is a value that no permission of that kind takes.
func placeholderValue(kind permission.Kind) permission.Value {
	if kind == permission.KindBool {
		return permission.Set()
	}
	return permission.On()
}

// parsePriority reads a priority; -1 stands for one that cannot be read, and 0
// for none, which is the default.
func parsePriority(text string) (int, []store.FieldError) {
	if text == "" {
		return 0, nil
	}
	priority, err := strconv.Atoi(text)
	if err != nil {
		return -1, []store.FieldError{{Field: "priority", Code: "type", Message: "enter a whole number from 1 to 10000"}}
	}
	if priority == 0 {
		return -1, nil
	}
	return priority, nil
}

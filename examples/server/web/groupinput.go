package web

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// groupInput is what the form of a group holds, but for the name.
type groupInput struct {
	Description, Priority string
	Default               bool
	Permissions           permissionsInput
}

func readGroup(form url.Values, known []userman.Permission) groupInput {
	return groupInput{
		Description: form.Get("description"), Priority: strings.TrimSpace(form.Get("priority")), Default: form.Has("default"),
		Permissions: readPermissions(form, known),
	}
}

func inputOfGroup(g *userman.Group, known []userman.Permission) groupInput {
	return groupInput{
		Description: g.Description, Priority: strconv.Itoa(g.Priority), Default: g.Default,
		Permissions: inputOfPermissions(g.Permissions, known),
	}
}

// fill puts the form into g, and returns what cannot be read. Where something
// cannot, it leaves what the service refuses too, so that all that is wrong
// with a form is said at once.
func (in groupInput) fill(g *userman.Group, known []userman.Permission) []store.FieldError {
	var refused []store.FieldError
	g.Description, g.Default = in.Description, in.Default
	g.Priority, refused = parsePriority(in.Priority)
	if invalid, wrong := errors.AsType[*store.InvalidError](in.Permissions.fill(&g.Permissions, known)); wrong {
		refused = append(refused, invalid.Fields...)
		for _, p := range known {
			if len((refusals{fields: invalid.Fields}).on(permissionField(p.ID))) > 0 {
				g.Permissions[p.ID] = ofOtherKind(p.Kind)
			}
		}
	}
	return refused
}

// ofOtherKind is a value that no permission of that kind takes.
func ofOtherKind(kind userman.Kind) userman.Value {
	if kind == userman.Switch {
		return userman.Replace()
	}
	return userman.On()
}

// parsePriority reads a priority; -1 stands for one that cannot be read, and 0
// for none, which is the default.
func parsePriority(text string) (int, []store.FieldError) {
	if text == "" {
		return 0, nil
	}
	priority, err := strconv.Atoi(text)
	if err != nil {
		return -1, []store.FieldError{{Field: "priority", Code: "type", Message: "write a whole number from 1 to 10000"}}
	}
	if priority == 0 {
		return -1, nil
	}
	return priority, nil
}

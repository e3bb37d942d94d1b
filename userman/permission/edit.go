package permission

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// Edit returns the grants after changes in text, one after the other: ID=VALUE sets a
// permission, with a value as [ParseValue] reads it; ID= inherits it again, and the
// empty text inherits all. registry has the permissions that exist. Edit returns what it
// cannot read, as errors on permissions[2] or on permissions.ID. It keeps an unknown ID,
// which [Registry.Validate] rejects.
func (p Permissions) Edit(registry []Permission, changes []string) (Permissions, []store.FieldError) {
	edited := Permissions{}
	maps.Copy(edited, p)
	var errs []store.FieldError
	for i, text := range changes {
		id, written, ok := strings.Cut(text, "=")
		id = strings.TrimSpace(id)
		switch {
		case text == "":
			clear(edited)
		case !ok || id == "":
			errs = append(errs, store.FieldError{
				Field: fmt.Sprintf("permissions[%d]", i), Code: store.CodeSyntax, Message: "write ID=VALUE, such as xmpp.login=on, or ID= to inherit the permission",
			})
		case strings.TrimSpace(written) == "":
			delete(edited, id)
		default:
			value, valueErrs := parseNamed(registry, id, written)
			errs = append(errs, valueErrs...)
			edited[id] = value
		}
	}
	return edited, errs
}

// Merge returns the grants after a merge patch (RFC 7396), as package encoding/json decodes
// it: a value sets a permission, and null inherits it again. A nil patch inherits all.
// registry has the permissions that exist. Merge returns what it cannot read, as errors on
// permissions.ID, and leaves these grants. It keeps an unknown ID, which
// [Registry.Validate] rejects.
func (p Permissions) Merge(registry []Permission, patch map[string]any) (Permissions, []store.FieldError) {
	merged := Permissions{}
	if patch != nil {
		maps.Copy(merged, p)
	}
	var errs []store.FieldError
	for _, id := range slices.Sorted(maps.Keys(patch)) {
		if patch[id] == nil {
			delete(merged, id)
			continue
		}
		var value Value
		text, err := json.Marshal(patch[id])
		if err == nil {
			err = value.UnmarshalJSON(text)
		}
		if err != nil && slices.ContainsFunc(registry, func(known Permission) bool { return known.ID == id }) {
			errs = append(errs, store.FieldErrorsAt("permissions."+id, err)...)
			continue
		}
		merged[id] = value
	}
	return merged, errs
}

// parseNamed reads the value of a permission. It returns an acceptable value with an
// error, so that [Registry.Validate] reports nothing twice.
func parseNamed(registry []Permission, id, written string) (Value, []store.FieldError) {
	i := slices.IndexFunc(registry, func(p Permission) bool { return p.ID == id })
	if i < 0 {
		return Off(), nil
	}
	value, err := ParseValue(registry[i].Kind, written)
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return value, nil
	}
	field := store.FieldError{Field: "permissions." + id, Code: invalid.Fields[0].Code, Message: invalid.Fields[0].Message}
	return registry[i].Default, []store.FieldError{field}
}

// Texts returns the grants as [Permissions.Edit] reads them, sorted by ID.
func (p Permissions) Texts() []string {
	var texts []string
	for _, id := range slices.Sorted(maps.Keys(p)) {
		texts = append(texts, id+"="+p[id].String())
	}
	return texts
}

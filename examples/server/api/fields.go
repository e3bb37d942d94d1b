package api

import (
	"errors"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// renamed is what err refused, as refusals of the field: a parser knows of the
// text, and not of where it stands.
func renamed(field string, err error) []store.FieldError {
	var refused *store.InvalidError
	if !errors.As(err, &refused) {
		return nil
	}
	fields := slices.Clone(refused.Fields)
	for i := range fields {
		fields[i].Field = field
	}
	return fields
}

// judged adds to what the service refused the fields that could not be read, so
// that all that is wrong is said at once. The change must be undone when there
// is an error.
func judged(unread []store.FieldError, err error) error {
	var refused *store.InvalidError
	var exists *store.ExistsError
	switch {
	case len(unread) == 0:
		return err
	case errors.As(err, &refused):
		return store.Invalid(slices.Concat(unread, refused.Fields)...)
	case errors.As(err, &exists):
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		return store.Invalid(append(slices.Clip(unread), store.FieldError{Field: exists.Field, Code: "exists", Message: message})...)
	case err != nil:
		return err
	}
	return store.Invalid(unread...)
}

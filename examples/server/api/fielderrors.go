package api

import (
	"errors"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
)

// fieldErrors is what err refused, as refusals of the field: a parser knows of the
// text, and not of where it stands.
func fieldErrors(field string, err error) []store.FieldError {
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	fields := slices.Clone(invalid.Fields)
	for i := range fields {
		fields[i].Field = field
	}
	return fields
}

// mergeFieldErrors adds to what the service refused the fields that could not be read, so
// that all that is wrong is said at once. The change must be undone when there
// is an error.
func mergeFieldErrors(errs []store.FieldError, err error) error {
	var invalid *store.InvalidError
	var exists *store.AlreadyExistsError
	switch {
	case len(errs) == 0:
		return err
	case errors.As(err, &invalid):
		return store.NewInvalidError(slices.Concat(errs, invalid.Fields)...)
	case errors.As(err, &exists):
		message := strings.TrimPrefix(exists.Error(), exists.Field+": ")
		return store.NewInvalidError(append(slices.Clip(errs), store.FieldError{Field: exists.Field, Code: "exists", Message: message})...)
	case err != nil:
		return err
	}
	return store.NewInvalidError(errs...)
}

package resource

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// FieldErrors returns what err rejects, as errors of the field. A parser knows the
// text, and not the field that it stands in.
func FieldErrors(name string, err error) []store.FieldError {
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return nil
	}
	fields := slices.Clone(invalid.Fields)
	for i := range fields {
		fields[i].Field = name
	}
	return fields
}

// parseItems reads each text of a list. The errors name the item: permit[2].
func parseItems[T any](name string, value field.Value, parse func(string) (T, error)) ([]T, []store.FieldError) {
	texts := value.List()
	items := make([]T, 0, len(texts))
	var errs []store.FieldError
	for i, text := range texts {
		item, err := parse(text)
		if err != nil {
			errs = append(errs, FieldErrors(fmt.Sprintf("%s[%d]", name, i), err)...)
			continue
		}
		items = append(items, item)
	}
	return items, errs
}

// listPart is a list of items that parse reads and format writes.
func listPart[R, I any](m field.Meta, at func(*R) *[]I, parse func(string) (I, error), format func(I) string) Part[R] {
	m.Kind = field.KindList
	return Part[R]{
		Meta: m,
		Get: func(record *R) field.Value {
			var list []string
			for _, item := range *at(record) {
				list = append(list, format(item))
			}
			return field.ListValue(list)
		},
		Set: func(record *R, v field.Value) []store.FieldError {
			items, errs := parseItems(m.Name, v, parse)
			if len(errs) == 0 {
				*at(record) = items
			}
			return errs
		},
	}
}

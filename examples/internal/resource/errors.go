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

// texts returns how each item is written.
func texts[T fmt.Stringer](items []T) field.Value {
	list := make([]string, len(items))
	for i, item := range items {
		list[i] = item.String()
	}
	return field.ListValue(list)
}

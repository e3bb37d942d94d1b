package resource

import (
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// listPart is a list of items that parse reads and format writes. The errors name the
// item: permit[2].
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
			texts := v.List()
			items := make([]I, len(texts))
			var errs []store.FieldError
			for i, text := range texts {
				var err error
				items[i], err = parse(text)
				errs = append(errs, store.FieldErrorsAt(fmt.Sprintf("%s[%d]", m.Name, i), err)...)
			}
			if len(errs) == 0 {
				*at(record) = items
			}
			return errs
		},
	}
}

package store

import (
	"slices"
	"strings"
)

// Sort is the order of a list: by a field, and then by key. The zero Sort is by
// key.
type Sort struct {
	// By is the JSON name of the field; empty means the key.
	By string
	// Descending reverses the order.
	Descending bool
}

// ParseSort reads "field" or, for descending order, "-field". "" is the zero Sort.
// It returns an [InvalidError] on "sort" if the field is not in fields.
func ParseSort(text string, fields []string) (Sort, error) {
	by, descending := strings.CutPrefix(text, "-")
	if text != "" && !slices.Contains(fields, by) {
		return Sort{}, newSortError(fields)
	}
	return Sort{By: by, Descending: descending}, nil
}

// Validate returns an [InvalidError] on "sort" if the field of s is not in fields.
// It is for a Sort that does not come from [ParseSort].
func (s Sort) Validate(fields []string) error {
	if s.By != "" && !slices.Contains(fields, s.By) {
		return newSortError(fields)
	}
	return nil
}

func newSortError(fields []string) error {
	return NewInvalidError(FieldError{
		Field: "sort", Code: CodeOneOf, Message: "sort by one of " + strings.Join(fields, ", ") + ", with - in front for descending order",
	})
}

// String returns the text for [ParseSort].
func (s Sort) String() string {
	if s.Descending {
		return "-" + s.By
	}
	return s.By
}

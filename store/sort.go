package store

import (
	"slices"
	"strings"
)

// Sort says how a list is sorted: by a field, named as in JSON, and then by
// key. The zero Order is that of the keys.
type Sort struct {
	// By is the field; empty means the key.
	By string
	// Descending turns the order around.
	Descending bool
}

// ParseSort reads "field" or, for descending order, "-field". A field that is
// not among fields is an [InvalidError] on "sort"; "" is the zero Order.
func ParseSort(text string, fields []string) (Sort, error) {
	by, descending := strings.CutPrefix(text, "-")
	if text != "" && !slices.Contains(fields, by) {
		return Sort{}, newSortError(fields)
	}
	return Sort{By: by, Descending: descending}, nil
}

// Validate returns an [InvalidError] on "sort" when o is by a field that is not
// among fields. Whoever makes an Order without [ParseSort] may be wrong.
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

// String returns what [ParseSort] reads.
func (s Sort) String() string {
	if s.Descending {
		return "-" + s.By
	}
	return s.By
}

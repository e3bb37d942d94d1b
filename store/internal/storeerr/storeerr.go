// Package storeerr holds the errors that all backends return alike.
package storeerr

import (
	"fmt"

	"github.com/pbxusers/pbxusers/store"
)

// NewCursorError refuses the beginning of a page that is not from a page of this list.
func NewCursorError() error {
	return store.NewInvalidError(store.FieldError{
		Field: "after", Code: store.CodeUnreadable, Message: "this is not from a page of this list; begin at its first page",
	})
}

// NewSortError refuses a field that a list is not sorted by. The services name those
// that it is sorted by, before a backend is asked.
func NewSortError() error {
	return store.NewInvalidError(store.FieldError{Field: "sort", Code: store.CodeOneOf, Message: "this list cannot be sorted by that field"})
}

// CheckValueSize refuses a value that is too large for a vault.
func CheckValueSize(value []byte) error {
	if len(value) <= store.MaxValueSize {
		return nil
	}
	return store.NewInvalidError(store.FieldError{
		Field: "value", Code: store.CodeMax, Message: fmt.Sprintf("keep at most %d bytes in one value", store.MaxValueSize),
	})
}

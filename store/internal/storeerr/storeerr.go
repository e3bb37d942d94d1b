// Package storeerr has errors that all backends return.
package storeerr

import (
	"fmt"

	"github.com/pbxusers/pbxusers/store"
)

// NewCursorError returns the error of a key that is not from a page of the list.
func NewCursorError() error {
	return store.NewInvalidError(store.FieldError{
		Field: "after", Code: store.CodeUnreadable, Message: "this key is not from a page of this list; start at the first page",
	})
}

// NewSortError returns the error of an unknown sort field. The services check the
// field before they call a backend.
func NewSortError() error {
	return store.NewInvalidError(store.FieldError{Field: "sort", Code: store.CodeOneOf, Message: "this list cannot be sorted by that field"})
}

// CheckValueSize returns an error for a value that is too large for a
// [store.TTLStore].
func CheckValueSize(value []byte) error {
	if len(value) <= store.MaxValueSize {
		return nil
	}
	return store.NewInvalidError(store.FieldError{
		Field: "value", Code: store.CodeMax, Message: fmt.Sprintf("a value can have at most %d bytes", store.MaxValueSize),
	})
}

// NewRevisionError returns the error of a record that was changed since it
// was read.
func NewRevisionError() error {
	return &store.ConflictError{Reason: "the settings were saved by another administrator since they were read; load them again"}
}

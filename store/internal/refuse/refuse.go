// Package refuse is what all backends refuse alike.
package refuse

import (
	"fmt"

	"github.com/pbxusers/pbxusers/store"
)

// After refuses the beginning of a page that is not from a page of this list.
func After() error {
	return store.Invalid(store.FieldError{
		Field: "after", Code: "unreadable", Message: "this is not from a page of this list; begin at its first page",
	})
}

// Sort refuses a field that a list is not sorted by. The services name those
// that it is sorted by, before a backend is asked.
func Sort() error {
	return store.Invalid(store.FieldError{Field: "sort", Code: "oneof", Message: "this list cannot be sorted by that field"})
}

// LargeValue refuses a value that is too large for a vault.
func LargeValue(value []byte) error {
	if len(value) <= store.MaxVaultValue {
		return nil
	}
	return store.Invalid(store.FieldError{
		Field: "value", Code: "max", Message: fmt.Sprintf("keep at most %d bytes in one value", store.MaxVaultValue),
	})
}

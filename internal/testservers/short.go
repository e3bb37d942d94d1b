package testservers

import "testing"

// SkipIfShort skips a test that needs a real program when the tests run with
// -short, as `make quick` runs them.
func SkipIfShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short runs no other program")
	}
}

package testservers

import (
	"os"
	"testing"
)

// requireEnv names the environment variable that makes a missing program a
// failure when it is 1.
const requireEnv = "PBXUSERS_REQUIRE_TESTSERVERS"

// SkipOrFail ends a test that needs a missing program. It is the only
// place of this module where a test may be skipped.
func SkipOrFail(t testing.TB, err error) {
	t.Helper()
	const remedy = "skipped: %v; `make testservers` installs what is missing"
	if os.Getenv(requireEnv) == "1" {
		t.Fatalf(remedy, err)
	}
	t.Skipf(remedy, err)
}

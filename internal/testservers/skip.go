package testservers

import (
	"os"
	"testing"
)

// requireEnv names the environment variable that makes a missing peer a
// failure when it is 1.
const requireEnv = "PBXUSERS_REQUIRE_PEERS"

// SkipOrFail ends a test that needs a peer which is not there. It is the only
// place of this module where a test may be skipped.
func SkipOrFail(t testing.TB, err error) {
	t.Helper()
	const remedy = "left out: %v; `make peers` installs what is missing"
	if os.Getenv(requireEnv) == "1" {
		t.Fatalf(remedy, err)
	}
	t.Skipf(remedy, err)
}

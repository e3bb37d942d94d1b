package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The default database stands in the working directory: a person who stands
// in another one has an empty one at hand.
func TestAnotherDatabaseDoesNotReplaceWhatIsApplied_unlessItAdopts(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "manager", "add", "crm")
	c.do(t, "config", "install")
	require.Contains(t, c.read(t, "manager.d/pbxusers_manager.conf"), "[crm]")

	other := newCtl(t, c.confDir, "--ami", "none")
	other.do(t, "manager", "add", "wallboard")
	for _, verb := range []string{"plan", "apply"} {
		said := other.fails(t, exitRefused, "config", verb)
		require.Contains(t, said, "another database")
		require.Contains(t, said, "--adopt")
	}
	require.Contains(t, c.read(t, "manager.d/pbxusers_manager.conf"), "[crm]")
	other.do(t, "config", "apply", "--adopt")
	require.NotContains(t, c.read(t, "manager.d/pbxusers_manager.conf"), "[crm]")
	other.do(t, "config", "apply")
	c.fails(t, exitRefused, "config", "apply")
}

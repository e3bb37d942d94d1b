package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The default database stands in the working directory: a person who stands
// in another one has an empty one at hand.
func TestCLI_applyFromOtherDatabaseRequiresTakeOver(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.do(t, "ami-account", "add", "crm")
	c.do(t, "config", "install")
	require.Contains(t, c.read(t, "manager.d/pbxusers_manager.conf"), "[crm]")

	other := newCtl(t, c.confDir, "--ami", "none")
	other.do(t, "ami-account", "add", "wallboard")
	for _, verb := range []string{"plan", "apply"} {
		output := other.fails(t, exitRejected, "config", verb)
		require.Contains(t, output, "another database")
		require.Contains(t, output, "--take-over")
	}
	require.Contains(t, c.read(t, "manager.d/pbxusers_manager.conf"), "[crm]")
	other.do(t, "config", "apply", "--take-over")
	require.NotContains(t, c.read(t, "manager.d/pbxusers_manager.conf"), "[crm]")
	other.do(t, "config", "apply")
	c.fails(t, exitRejected, "config", "apply")
}

package main

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the pbxctl that a test kills.
func TestMain(m *testing.M) {
	if os.Getenv("PBXUSERS_TEST_MAIN") == "" {
		m.Run()
		return
	}
	main()
}

// withSecrets creates n AMI accounts and returns their secrets by name.
func (c *ctl) withSecrets(t *testing.T, n int) map[string]string {
	t.Helper()
	secrets := map[string]string{}
	for i := range n {
		name := "account" + strconv.Itoa(i)
		secrets[name] = shownSecret(t, c.do(t, "ami-account", "add", name))
	}
	return secrets
}

// requireSecrets checks that the configuration holds every secret.
func (c *ctl) requireSecrets(t *testing.T, secrets map[string]string) {
	t.Helper()
	c.do(t, "config", "install")
	file := c.read(t, ourFile)
	for name, secret := range secrets {
		require.Regexp(t, `\[`+name+`]\nsecret += `+secret+`\n`, file)
	}
	require.Contains(t, c.do(t, "audit", "verify"), "No tampering found")
}

// keys returns the lines of the key file that hold a key.
func (c *ctl) keys(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(c.data("pbxusers.key"))
	require.NoError(t, err)
	return slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool { return strings.HasPrefix(line, "#") })
}

func TestCLI_keyRotateReplacesKey(t *testing.T) {
	t.Parallel()
	c := offline(t)
	secrets := c.withSecrets(t, 3)
	before := c.keys(t)
	require.Len(t, before, 1)
	require.Contains(t, c.do(t, "key", "rotate"), "The old keys were dropped.")
	after := c.keys(t)
	require.Len(t, after, 1)
	require.NotEqual(t, before, after)
	c.requireSecrets(t, secrets)
	entries := c.entries(t, "--action", "rotate keys")
	require.Len(t, entries, 1)

	document := c.json(t, "key", "rotate", "--keep-old-keys")
	require.Equal(t, false, document["old_keys_dropped"])
	require.Greater(t, document["reencrypted"], float64(len(secrets)))
	require.Equal(t, after[0], c.keys(t)[1])
	c.requireSecrets(t, secrets)
	require.Contains(t, c.do(t, "key", "rotate"), "The old keys were dropped.")
	require.Len(t, c.keys(t), 1)
}

// A value that no key opens stops the rotation before any key is dropped.
func TestCLI_keyRotateKeepsKeysOnFailure(t *testing.T) {
	t.Parallel()
	c := offline(t)
	secrets := c.withSecrets(t, 2)
	before := c.keys(t)
	c.exec(t, "UPDATE pbxusers_ami_accounts SET secret = CAST(x'01' || secret AS BLOB) WHERE folded_name = 'account1'")
	output := c.fails(t, exitFailed, "key", "rotate")
	require.Contains(t, output, "the old keys are still needed")
	require.Contains(t, output, "pbxctl key rotate")
	keys := c.keys(t)
	require.Len(t, keys, 2)
	require.Equal(t, before[0], keys[1])

	c.exec(t, "UPDATE pbxusers_ami_accounts SET secret = CAST(substr(secret, 2) AS BLOB) WHERE folded_name = 'account1'")
	c.do(t, "key", "rotate")
	require.Len(t, c.keys(t), 1)
	c.requireSecrets(t, secrets)
}

func TestCLI_keyRotateKeepsKeysOfTamperedAuditLog(t *testing.T) {
	t.Parallel()
	c := offline(t)
	c.withSecrets(t, 2)
	c.exec(t, "UPDATE pbxusers_audit_head SET sequence = 1, hash = (SELECT hash FROM pbxusers_audit WHERE sequence = 1)")
	output := c.fails(t, exitFailed, "key", "rotate")
	require.Contains(t, output, "the old keys were kept")
	require.Contains(t, output, "pbxctl audit verify")
	require.Len(t, c.keys(t), 2)
	require.NotEmpty(t, c.do(t, "ami-account", "list"), "the database can still be opened")
}

// TestE2E_keyRotateSurvivesKill kills the rotation at random instants. Nothing
// is lost, and a last run finishes.
func TestE2E_keyRotateSurvivesKill(t *testing.T) {
	t.Parallel()
	c := offline(t)
	secrets := c.withSecrets(t, 20)
	for range 8 {
		var failures bytes.Buffer // the kill can come after it has printed its success
		process := exec.CommandContext(t.Context(), os.Args[0], slices.Concat(c.flags, []string{"key", "rotate"})...)
		process.Env = append(os.Environ(), "PBXUSERS_TEST_MAIN=1")
		process.Stderr = &failures
		require.NoError(t, process.Start())
		timer := time.AfterFunc(time.Duration(rand.IntN(150))*time.Millisecond, func() { _ = process.Process.Kill() })
		err := process.Wait()
		timer.Stop()
		if err != nil {
			require.Empty(t, failures.String(), "it was killed, and did not fail")
		}
		c.requireSecrets(t, secrets)
	}
	c.do(t, "key", "rotate")
	require.Len(t, c.keys(t), 1)
	c.requireSecrets(t, secrets)
}

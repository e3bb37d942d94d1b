package golden_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/golden"
)

func TestMasks(t *testing.T) {
	t.Parallel()
	masked := golden.Masks("http://127.0.0.1:4711", "http://server", "jane", "<name>")
	for text, want := range map[string]string{
		"at http://127.0.0.1:4711/x by jane":              "at http://server/x by <name>",
		"2026-03-01T09:00:00.123Z.":                       "<time>.",
		"until 2026-03-01 09:00:10":                       "until <time>",
		`"id":"abcdefgh12345678"`:                         `"id":"<id>"`,
		"2 January 2026, 15:04 (UTC)":                     "<time> (UTC)",
		"extension 4001, 10.0.0.0/8":                      "extension 4001, 10.0.0.0/8",
		"key 0123456789abcdefghijABCDEFGHIJ0123456789_-a": "key <token>",
	} {
		require.Equal(t, want, masked(text))
	}
}

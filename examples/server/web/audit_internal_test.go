package web

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

func TestChangesOf_truncatesLongValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 50_000)
	after, err := json.Marshal(map[string]any{"note": long, "owner": "Sales"})
	require.NoError(t, err)
	changes := changesOf(&audit.Entry{Before: json.RawMessage(`null`), After: after})
	require.Len(t, changes, 2)
	require.Less(t, len(changes[0].After), maxChangeBytes+100)
	require.Contains(t, changes[0].After, "ü … and 98000 more bytes")
	require.Equal(t, audit.Change{Field: "owner", After: "Sales"}, changes[1])
}

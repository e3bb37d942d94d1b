package web

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChangesOf_truncatesLongValues(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 50_000)
	after, err := json.Marshal(map[string]any{"note": long, "owner": "Sales"})
	require.NoError(t, err)
	changes := changesOf(json.RawMessage(`null`), after)
	require.Len(t, changes, 2)
	require.Less(t, len(changes[0].After), maxChangeBytes+100)
	require.Contains(t, changes[0].After, "ü … and 98000 more bytes")
	require.Equal(t, change{Field: "owner", After: "Sales"}, changes[1])
}

func TestChangesOf_acceptsAnyJSON(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for record, fields := range map[string]int{
		"": 0, "null": 0, "{}": 0, `{"a":null,"b":[],"c":""}`: 0, "[1]": 1, `"x"`: 1, "{": 1, deep: 1, `{"a":{"b":1}}`: 1,
	} {
		require.Len(t, changesOf(nil, json.RawMessage(record)), fields, record[:min(len(record), 20)])
	}
}

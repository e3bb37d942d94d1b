package audit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/audit"
)

func TestEntry_Changes_comparesFields(t *testing.T) {
	t.Parallel()
	entry := audit.Entry{
		Before: json.RawMessage(`{"name":"crm","permit":["192.0.2.1","192.0.2.2"],"disabled":false,"gone":"x"}`),
		After:  json.RawMessage(`{"name":"crm","permit":[],"disabled":true,"note":"wall"}`),
	}
	require.Equal(t, []audit.Change{
		{Field: "disabled", Before: "false", After: "true"}, {Field: "gone", Before: "x"},
		{Field: "note", After: "wall"}, {Field: "permit", Before: "192.0.2.1, 192.0.2.2"},
	}, entry.Changes())
}

func TestEntry_Changes_acceptsAnyJSON(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for record, fields := range map[string]int{
		"": 0, "null": 0, "{}": 0, `{"a":null,"b":[],"c":""}`: 0, "[1]": 1, `"x"`: 1, "{": 1, deep: 1, `{"a":{"b":1}}`: 1,
	} {
		entry := audit.Entry{After: json.RawMessage(record)}
		require.Len(t, entry.Changes(), fields, record[:min(len(record), 20)])
	}
}

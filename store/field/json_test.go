package field_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/field"
)

func TestFromJSON(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind  field.Kind
		value any
		want  field.Value
	}{
		{field.KindText, "a", field.TextValue("a")},
		{field.KindList, []any{"a", "b"}, field.ListValue([]string{"a", "b"})},
		{field.KindList, []any{}, field.ListValue(nil)},
		{field.KindBool, true, field.BoolValue(true)},
		{field.KindInt, json.Number("-7"), field.IntValue(-7)},
		{field.KindInt, 7.0, field.IntValue(7)},
		{field.KindTime, "2026-01-31T09:00:00Z", field.TimeValue(time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC))},
		{field.KindText, nil, field.TextValue("")},
		{field.KindTime, nil, field.TimeValue(time.Time{})},
	} {
		value, ok := field.FromJSON(test.kind, test.value)
		require.True(t, ok, "%s %v", test.kind, test.value)
		require.True(t, test.want.Equal(value), "%s %v", test.kind, test.value)
	}
}

func TestFromJSON_rejectsOtherTypes(t *testing.T) {
	t.Parallel()
	kinds := []field.Kind{field.KindText, field.KindList, field.KindBool, field.KindInt, field.KindTime}
	for _, test := range []struct {
		kinds string
		value any
	}{
		{"text", "no time"}, {"text time", "2026-01-31T09:00:00Z"}, {"list", []any{"a"}}, {"", []any{"a", 1.0}}, {"bool", false}, {"int", json.Number("1")},
		{"", json.Number("1.5")}, {"", json.Number("99999999999999999999")}, {"", 1.5}, {"", map[string]any{}},
	} {
		var read []string
		for _, kind := range kinds {
			if _, ok := field.FromJSON(kind, test.value); ok {
				read = append(read, string(kind))
			}
		}
		require.Equal(t, strings.Fields(test.kinds), append([]string{}, read...), "%v", test.value)
	}
}

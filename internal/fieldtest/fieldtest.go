// Package fieldtest compares field tables with their structs. It is for tests only.
package fieldtest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/field"
)

// RequireFields requires that a table has each field of the struct that is
// in JSON, under its name there, but for these.
func RequireFields[T any](t *testing.T, table *field.Table[T], besides ...string) {
	t.Helper()
	var names []string
	for f := range reflect.TypeFor[T]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && !slices.Contains(besides, f.Name) {
			names = append(names, name)
		}
	}
	require.ElementsMatch(t, names, table.Names(nil))
	requireInJSON(t, table)
}

// requireInJSON sets each field of a table and finds the value, and nothing
// else, in the JSON of the record.
func requireInJSON[T any](t *testing.T, table *field.Table[T]) {
	t.Helper()
	toMap := func(record *T) map[string]any {
		text, err := json.Marshal(record)
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.Unmarshal(text, &m))
		return m
	}
	for _, f := range table.Fields() {
		var record T
		want := toMap(&record)
		value := map[field.Kind]field.Value{
			field.KindText: field.TextValue("x"), field.KindList: field.ListValue([]string{"x"}), field.KindBool: field.BoolValue(true),
			field.KindInt: field.IntValue(7), field.KindTime: field.TimeValue(time.Unix(1, 0).UTC()),
		}[f.Kind]
		want[f.Name] = map[field.Kind]any{
			field.KindText: "x", field.KindList: []any{"x"}, field.KindBool: true, field.KindInt: 7.0, field.KindTime: "1970-01-01T00:00:01Z",
		}[f.Kind]
		f.Set(&record, value)
		require.Equal(t, want, toMap(&record), f.Name)
	}
}

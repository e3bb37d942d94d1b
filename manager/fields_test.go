package manager_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/field"
)

func TestFields_areThoseOfTheStruct(t *testing.T) {
	t.Parallel()
	besides := []string{"Deny", "Permit", "Read", "Write", "EventFilters", "CreatedAt", "UpdatedAt", "SecretChangedAt"}
	var names []string
	for f := range reflect.TypeFor[manager.Account]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && !slices.Contains(besides, f.Name) {
			names = append(names, name)
		}
	}
	require.ElementsMatch(t, names, manager.Fields().Names(nil))
	for _, f := range manager.Fields().Fields() {
		var record manager.Account
		value := map[field.Kind]field.Value{
			field.KindText: field.TextValue("x"), field.KindList: field.ListValue([]string{"x"}), field.KindBool: field.BoolValue(true),
			field.KindInt: field.IntValue(7),
		}[f.Kind]
		f.Set(&record, value)
		text, err := json.Marshal(value.Any())
		require.NoError(t, err)
		inJSON, err := json.Marshal(record)
		require.NoError(t, err)
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(inJSON, &fields))
		require.JSONEq(t, string(text), string(fields[f.Name]), f.Name)
	}
}

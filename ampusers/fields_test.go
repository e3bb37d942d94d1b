package ampusers_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store/field"
)

func TestFields_areThoseOfTheStruct(t *testing.T) {
	t.Parallel()
	besides := []string{
		"Extensions", "DIDs", "HasPassword", "HasSecondFactor", "InvitationExpiresAt", "CreatedAt", "UpdatedAt", "PasswordChangedAt", "LastLoginAt",
	}
	var names []string
	for f := range reflect.TypeFor[ampusers.Administrator]().Fields() {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "-" && !slices.Contains(besides, f.Name) {
			names = append(names, name)
		}
	}
	require.ElementsMatch(t, names, ampusers.Fields().Names(nil))
	for _, f := range ampusers.Fields().Fields() {
		var record ampusers.Administrator
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

package permission_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func kinds() []permission.Kind {
	return []permission.Kind{permission.KindBool, permission.KindExtensions, permission.KindNumbers, permission.KindStrings}
}

// drawValue draws a value that the rules of its kind take.
func drawValue(t *rapid.T, kind permission.Kind) permission.Value {
	items := map[permission.Kind][]string{
		permission.KindExtensions: {"self", "linked", "all", "1001", "1002", "007", "01234567890123456789"},
		permission.KindNumbers:    {"all", "+4930123", "4930123", "0", "+00", "110"},
		permission.KindStrings:    {"all", "call_forward", "Key accounts", "客户", "on", "a=b", "8", "Über", "self-service"},
	}[kind]
	if kind == permission.KindBool {
		return rapid.SampledFrom([]permission.Value{permission.On(), permission.Off()}).Draw(t, "switch")
	}
	list := rapid.SliceOfN(rapid.SampledFrom(items), 0, 6).Draw(t, "items")
	if rapid.Bool().Draw(t, "extends") {
		return permission.Append(list...)
	}
	return permission.Set(list...)
}

func TestParseValue_roundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds()).Draw(t, "kind")
		value := drawValue(t, kind)
		read, err := permission.ParseValue(kind, value.String())
		require.NoError(t, err)
		require.True(t, read.Equal(value), "%v read as %v", value, read)
		require.Equal(t, value.String(), read.String())
	})
}

func TestValue_UnmarshalJSON_roundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := drawValue(t, rapid.SampledFrom(kinds()).Draw(t, "kind"))
		text, err := json.Marshal(permission.Permissions{"a.b": value})
		require.NoError(t, err)
		var read permission.Permissions
		require.NoError(t, json.Unmarshal(text, &read))
		require.True(t, read["a.b"].Equal(value), "%s read as %v", text, read)
		again, err := json.Marshal(read)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
	})
}

func TestValue_String_isCanonical(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		value      permission.Value
		text, json string
	}{
		{permission.On(), "on", "true"},
		{permission.Off(), "off", "false"},
		{permission.Value{}, "off", "false"},
		{permission.Set(), "none", "[]"},
		{permission.Set("1002", "self", "1001", "1002"), "self, 1001, 1002", `["self","1001","1002"]`},
		{permission.Set("1002", "all", "linked", "self"), "self, linked, all, 1002", `["self","linked","all","1002"]`},
		{permission.Append("1002"), "+ 1002", `{"append":["1002"]}`},
		{permission.Append("+4930"), "+ +4930", `{"append":["+4930"]}`},
		{permission.Append(), "+", `{"append":[]}`},
	} {
		text, err := json.Marshal(tc.value)
		require.NoError(t, err)
		require.Equal(t, tc.json, string(text))
		require.Equal(t, tc.text, tc.value.String())
	}
}

func TestParseValue_acceptsInformalInput(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind permission.Kind
		text string
		want permission.Value
	}{
		{permission.KindBool, " ON ", permission.On()},
		{permission.KindBool, "yes", permission.On()},
		{permission.KindBool, "False", permission.Off()},
		{permission.KindExtensions, "1002,\t Self 1001\n", permission.Set("self", "1001", "1002")},
		{permission.KindExtensions, "+1002", permission.Append("1002")},
		{permission.KindExtensions, "+ linked,", permission.Append("linked")},
		{permission.KindExtensions, " NONE ", permission.Set()},
		{permission.KindNumbers, "+4930123, 110", permission.Set("110", "+4930123")},
		{permission.KindNumbers, "+0, +9", permission.Set("+0", "+9")},
		{permission.KindExtensions, "1001" + strings.Repeat(" ", 500*(4*64+2)-4), permission.Set("1001")},
		{permission.KindStrings, strings.Repeat("𠀀", 64), permission.Set(strings.Repeat("𠀀", 64))},
		{permission.KindNumbers, "++4930123", permission.Append("+4930123")},
		{permission.KindNumbers, "+ 4930123", permission.Append("4930123")},
		{permission.KindNumbers, "+all", permission.Append("all")},
		{permission.KindStrings, "Key accounts ,ALL", permission.Set("all", "Key accounts")},
		{permission.KindStrings, "U\u0308ber", permission.Set("Über")},
		{permission.KindStrings, "+call_forward", permission.Append("call_forward")},
	} {
		got, err := permission.ParseValue(tc.kind, tc.text)
		require.NoError(t, err, tc.text)
		require.True(t, got.Equal(tc.want), "%q is %v", tc.text, got)
	}
}

func TestParseValue_rejectsInvalidInput(t *testing.T) {
	t.Parallel()
	const digits21 = "012345678901234567890"
	for _, tc := range []struct {
		kind       permission.Kind
		text, code string
	}{
		{permission.KindBool, "", "kind"},
		{permission.KindBool, "hunter2", "kind"},
		{permission.KindExtensions, "", "required"},
		{permission.KindExtensions, "hunter2", "extension"},
		{permission.KindExtensions, digits21, "extension"},
		{permission.KindExtensions, "١٢٣", "extension"},
		{permission.KindExtensions, "1001;1002", "extension"},
		{permission.KindExtensions, "1001\x00", "extension"},
		{permission.KindExtensions, strings.Repeat("1001,", permission.MaxItems+1), "max"},
		{permission.KindExtensions, strings.Repeat("1", 1_000_000), "max"},
		{permission.KindExtensions, "1001" + strings.Repeat(" ", 500*(4*64+2)-3), "max"},
		{permission.KindNumbers, "self", "number"},
		{permission.KindNumbers, digits21, "number"},
		{permission.KindNumbers, "1 ++2", "number"},
		{permission.KindStrings, "Linked", "name"},
		{permission.KindStrings, "call_forward,none", "name"},
		{permission.KindStrings, "hunter2, +b", "name"},
		{permission.KindStrings, strings.Repeat("x", 65), "name"},
		{permission.KindStrings, "call\x1bforward", "name"},
		{permission.KindStrings, "call\u202eforward", "name"},
		{permission.KindStrings, "\xff", "name"},
		{permission.KindStrings, "\uff0bx, " + strings.Repeat("客", 65), "name"},
	} {
		_, err := permission.ParseValue(tc.kind, tc.text)
		requireFieldCode(t, err, "value: "+tc.code)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestKind_ValidateItems_checksLimits(t *testing.T) {
	t.Parallel()
	require.Empty(t, permission.KindExtensions.ValidateItems("list", slices.Repeat([]string{"1001"}, permission.MaxItems)))
	require.Len(t, permission.KindExtensions.ValidateItems("list", slices.Repeat([]string{"1001"}, permission.MaxItems+1)), 1)
	for _, kind := range []permission.Kind{permission.KindExtensions, permission.KindNumbers, permission.KindStrings} {
		require.Len(t, kind.ValidateItems("list", []string{""}), 1, kind)
	}
}

func TestValue_UnmarshalJSON_rejectsInvalidInputWithoutEcho(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`null`, `1`, `"hunter2"`, `["hunter2", 1]`, `{"append": null}`, `{}`, `{"hunter2": ["1"]}`, `{"append": ["1"], "hunter2": 1}`, `{"append": "hunter2"}`,
	} {
		value := permission.On()
		err := json.Unmarshal([]byte(text), &value)
		require.ErrorIs(t, err, store.ErrInvalid, text)
		require.NotContains(t, err.Error(), "hunter2")
		require.True(t, value.Equal(permission.On()), "it is left as it was")
	}
}

func TestValue_isImmutable(t *testing.T) {
	t.Parallel()
	given := []string{"1002", "1001"}
	value := permission.Set(given...)
	given[0] = "9999"
	value.Items()[0] = "9999"
	require.Equal(t, []string{"1001", "1002"}, value.Items())
	require.Equal(t, "1001, 1002", value.String())

	require.False(t, permission.Set("1").Equal(permission.Append("1")))
	require.False(t, permission.Set().Equal(permission.Off()))
	require.Empty(t, permission.On().Items())
	require.NotNil(t, permission.On().Items(), "JSON has [] for it")
}

// What can be read comes back as it is, whatever was typed.
func FuzzParseValue(f *testing.F) {
	for _, kind := range kinds() {
		for _, text := range []string{"on", "self, 1001", "+ linked", "++4930", "Key accounts, all", "none", "+", ",,", "\xff", "lin\u212aed", "+\u0301a"} {
			f.Add(string(kind), text)
		}
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		value, err := permission.ParseValue(permission.Kind(kind), text)
		if err != nil {
			invalid, ok := errors.AsType[*store.InvalidError](err)
			require.True(t, ok)
			require.Len(t, invalid.Fields, 1)
			return
		}
		again, err := permission.ParseValue(permission.Kind(kind), value.String())
		require.NoError(t, err, "%q", value.String())
		require.True(t, again.Equal(value), "%q", value.String())
	})
}

func FuzzValueJSON(f *testing.F) {
	for _, text := range []string{"true", "false", `["self","1001"]`, `{"append":["1001"]}`, "null", `{"append":{}}`, `[null]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var value permission.Value
		if json.Unmarshal(text, &value) != nil {
			return
		}
		written, err := json.Marshal(value)
		require.NoError(t, err)
		var again permission.Value
		require.NoError(t, json.Unmarshal(written, &again))
		require.True(t, again.Equal(value), "%s", written)
	})
}

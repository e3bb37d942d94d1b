package userman_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

func kinds() []userman.Kind {
	return []userman.Kind{userman.KindBool, userman.KindExtensions, userman.KindNumbers, userman.KindStrings}
}

// drawValue draws a value that the rules of its kind take.
func drawValue(t *rapid.T, kind userman.Kind) userman.Value {
	items := map[userman.Kind][]string{
		userman.KindExtensions: {"self", "linked", "all", "1001", "1002", "007", "01234567890123456789"},
		userman.KindNumbers:    {"all", "+4930123", "4930123", "0", "+00", "110"},
		userman.KindStrings:    {"all", "call_forward", "Key accounts", "客户", "on", "a=b", "8", "Über", "self-service"},
	}[kind]
	if kind == userman.KindBool {
		return rapid.SampledFrom([]userman.Value{userman.On(), userman.Off()}).Draw(t, "switch")
	}
	list := rapid.SliceOfN(rapid.SampledFrom(items), 0, 6).Draw(t, "items")
	if rapid.Bool().Draw(t, "extends") {
		return userman.Append(list...)
	}
	return userman.Set(list...)
}

func TestParseValue_roundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(kinds()).Draw(t, "kind")
		value := drawValue(t, kind)
		read, err := userman.ParseValue(kind, value.String())
		require.NoError(t, err)
		require.True(t, read.Equal(value), "%v read as %v", value, read)
		require.Equal(t, value.String(), read.String())
	})
}

func TestValue_UnmarshalJSON_roundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := drawValue(t, rapid.SampledFrom(kinds()).Draw(t, "kind"))
		text, err := json.Marshal(userman.Permissions{"a.b": value})
		require.NoError(t, err)
		var read userman.Permissions
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
		value      userman.Value
		text, json string
	}{
		{userman.On(), "on", "true"},
		{userman.Off(), "off", "false"},
		{userman.Value{}, "off", "false"},
		{userman.Set(), "none", "[]"},
		{userman.Set("1002", "self", "1001", "1002"), "self, 1001, 1002", `["self","1001","1002"]`},
		{userman.Set("1002", "all", "linked", "self"), "self, linked, all, 1002", `["self","linked","all","1002"]`},
		{userman.Append("1002"), "+ 1002", `{"extend":["1002"]}`},
		{userman.Append("+4930"), "+ +4930", `{"extend":["+4930"]}`},
		{userman.Append(), "+", `{"extend":[]}`},
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
		kind userman.Kind
		text string
		want userman.Value
	}{
		{userman.KindBool, " ON ", userman.On()},
		{userman.KindBool, "yes", userman.On()},
		{userman.KindBool, "False", userman.Off()},
		{userman.KindExtensions, "1002,\t Self 1001\n", userman.Set("self", "1001", "1002")},
		{userman.KindExtensions, "+1002", userman.Append("1002")},
		{userman.KindExtensions, "+ linked,", userman.Append("linked")},
		{userman.KindExtensions, " NONE ", userman.Set()},
		{userman.KindNumbers, "+4930123, 110", userman.Set("110", "+4930123")},
		{userman.KindNumbers, "++4930123", userman.Append("+4930123")},
		{userman.KindNumbers, "+ 4930123", userman.Append("4930123")},
		{userman.KindNumbers, "+all", userman.Append("all")},
		{userman.KindStrings, "Key accounts ,ALL", userman.Set("all", "Key accounts")},
		{userman.KindStrings, "U\u0308ber", userman.Set("Über")},
		{userman.KindStrings, "+call_forward", userman.Append("call_forward")},
	} {
		got, err := userman.ParseValue(tc.kind, tc.text)
		require.NoError(t, err, tc.text)
		require.True(t, got.Equal(tc.want), "%q is %v", tc.text, got)
	}
}

func TestParseValue_rejectsInvalidInput(t *testing.T) {
	t.Parallel()
	const digits21 = "012345678901234567890"
	for _, tc := range []struct {
		kind       userman.Kind
		text, code string
	}{
		{userman.KindBool, "", "kind"},
		{userman.KindBool, "hunter2", "kind"},
		{userman.KindExtensions, "", "required"},
		{userman.KindExtensions, "hunter2", "extension"},
		{userman.KindExtensions, digits21, "extension"},
		{userman.KindExtensions, "١٢٣", "extension"},
		{userman.KindExtensions, "1001;1002", "extension"},
		{userman.KindExtensions, "1001\x00", "extension"},
		{userman.KindExtensions, strings.Repeat("1001,", userman.MaxItems+1), "max"},
		{userman.KindExtensions, strings.Repeat("1", 1_000_000), "max"},
		{userman.KindNumbers, "self", "number"},
		{userman.KindNumbers, digits21, "number"},
		{userman.KindNumbers, "1 ++2", "number"},
		{userman.KindStrings, "Linked", "name"},
		{userman.KindStrings, "call_forward,none", "name"},
		{userman.KindStrings, "hunter2, +b", "name"},
		{userman.KindStrings, strings.Repeat("x", 65), "name"},
		{userman.KindStrings, "call\x1bforward", "name"},
		{userman.KindStrings, "call\u202eforward", "name"},
		{userman.KindStrings, "\xff", "name"},
		{userman.KindStrings, "\uff0bx, " + strings.Repeat("客", 65), "name"},
	} {
		_, err := userman.ParseValue(tc.kind, tc.text)
		requireFieldErrors(t, err, "value: "+tc.code)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestValue_UnmarshalJSON_rejectsInvalidInputWithoutEcho(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`null`, `1`, `"hunter2"`, `["hunter2", 1]`, `{"extend": null}`, `{}`, `{"hunter2": ["1"]}`, `{"extend": ["1"], "hunter2": 1}`, `{"extend": "hunter2"}`,
	} {
		value := userman.On()
		err := json.Unmarshal([]byte(text), &value)
		require.ErrorIs(t, err, store.ErrInvalid, text)
		require.NotContains(t, err.Error(), "hunter2")
		require.True(t, value.Equal(userman.On()), "it is left as it was")
	}
}

func TestValue_isImmutable(t *testing.T) {
	t.Parallel()
	given := []string{"1002", "1001"}
	value := userman.Set(given...)
	given[0] = "9999"
	value.Items()[0] = "9999"
	require.Equal(t, []string{"1001", "1002"}, value.Items())
	require.Equal(t, "1001, 1002", value.String())

	require.False(t, userman.Set("1").Equal(userman.Append("1")))
	require.False(t, userman.Set().Equal(userman.Off()))
	require.Empty(t, userman.On().Items())
	require.NotNil(t, userman.On().Items(), "JSON has [] for it")
}

// What can be read comes back as it is, whatever was typed.
func FuzzParseValue(f *testing.F) {
	for _, kind := range kinds() {
		for _, text := range []string{"on", "self, 1001", "+ linked", "++4930", "Key accounts, all", "none", "+", ",,", "\xff", "lin\u212aed", "+\u0301a"} {
			f.Add(string(kind), text)
		}
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		value, err := userman.ParseValue(userman.Kind(kind), text)
		if err != nil {
			invalid, ok := errors.AsType[*store.InvalidError](err)
			require.True(t, ok)
			require.Len(t, invalid.Fields, 1)
			return
		}
		again, err := userman.ParseValue(userman.Kind(kind), value.String())
		require.NoError(t, err, "%q", value.String())
		require.True(t, again.Equal(value), "%q", value.String())
	})
}

func FuzzValueJSON(f *testing.F) {
	for _, text := range []string{"true", "false", `["self","1001"]`, `{"extend":["1001"]}`, "null", `{"extend":{}}`, `[null]`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var value userman.Value
		if json.Unmarshal(text, &value) != nil {
			return
		}
		written, err := json.Marshal(value)
		require.NoError(t, err)
		var again userman.Value
		require.NoError(t, json.Unmarshal(written, &again))
		require.True(t, again.Equal(value), "%s", written)
	})
}

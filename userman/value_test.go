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
	return []userman.Kind{userman.Switch, userman.Extensions, userman.Numbers, userman.Names}
}

// drawValue draws a value that the rules of its kind take.
func drawValue(t *rapid.T, kind userman.Kind) userman.Value {
	items := map[userman.Kind][]string{
		userman.Extensions: {"self", "linked", "all", "1001", "1002", "007", "01234567890123456789"},
		userman.Numbers:    {"all", "+4930123", "4930123", "0", "+00", "110"},
		userman.Names:      {"all", "call_forward", "Key accounts", "客户", "on", "a=b", "8", "Über", "self-service"},
	}[kind]
	if kind == userman.Switch {
		return rapid.SampledFrom([]userman.Value{userman.On(), userman.Off()}).Draw(t, "switch")
	}
	list := rapid.SliceOfN(rapid.SampledFrom(items), 0, 6).Draw(t, "items")
	if rapid.Bool().Draw(t, "extends") {
		return userman.Extend(list...)
	}
	return userman.Replace(list...)
}

func TestEveryValueComesBackFromItsText(t *testing.T) {
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

func TestEveryValueComesBackFromItsJSON(t *testing.T) {
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

func TestAValueIsWrittenInOneForm(t *testing.T) {
	t.Parallel()
	for _, form := range []struct {
		value      userman.Value
		text, json string
	}{
		{userman.On(), "on", "true"},
		{userman.Off(), "off", "false"},
		{userman.Value{}, "off", "false"},
		{userman.Replace(), "none", "[]"},
		{userman.Replace("1002", "self", "1001", "1002"), "self, 1001, 1002", `["self","1001","1002"]`},
		{userman.Replace("1002", "all", "linked", "self"), "self, linked, all, 1002", `["self","linked","all","1002"]`},
		{userman.Extend("1002"), "+ 1002", `{"extend":["1002"]}`},
		{userman.Extend("+4930"), "+ +4930", `{"extend":["+4930"]}`},
		{userman.Extend(), "+", `{"extend":[]}`},
	} {
		text, err := json.Marshal(form.value)
		require.NoError(t, err)
		require.Equal(t, form.json, string(text))
		require.Equal(t, form.text, form.value.String())
	}
}

func TestAValueIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for _, written := range []struct {
		kind userman.Kind
		text string
		want userman.Value
	}{
		{userman.Switch, " ON ", userman.On()},
		{userman.Switch, "yes", userman.On()},
		{userman.Switch, "False", userman.Off()},
		{userman.Extensions, "1002,\t Self 1001\n", userman.Replace("self", "1001", "1002")},
		{userman.Extensions, "+1002", userman.Extend("1002")},
		{userman.Extensions, "+ linked,", userman.Extend("linked")},
		{userman.Extensions, " NONE ", userman.Replace()},
		{userman.Numbers, "+4930123, 110", userman.Replace("110", "+4930123")},
		{userman.Numbers, "++4930123", userman.Extend("+4930123")},
		{userman.Numbers, "+ 4930123", userman.Extend("4930123")},
		{userman.Numbers, "+all", userman.Extend("all")},
		{userman.Names, "Key accounts ,ALL", userman.Replace("all", "Key accounts")},
		{userman.Names, "U\u0308ber", userman.Replace("Über")},
		{userman.Names, "+call_forward", userman.Extend("call_forward")},
	} {
		got, err := userman.ParseValue(written.kind, written.text)
		require.NoError(t, err, written.text)
		require.True(t, got.Equal(written.want), "%q is %v", written.text, got)
	}
}

func TestWhatIsNoValueOfThatKindIsRefused(t *testing.T) {
	t.Parallel()
	const digits21 = "012345678901234567890"
	for _, bad := range []struct {
		kind       userman.Kind
		text, code string
	}{
		{userman.Switch, "", "kind"},
		{userman.Switch, "hunter2", "kind"},
		{userman.Extensions, "", "required"},
		{userman.Extensions, "hunter2", "extension"},
		{userman.Extensions, digits21, "extension"},
		{userman.Extensions, "١٢٣", "extension"},
		{userman.Extensions, "1001;1002", "extension"},
		{userman.Extensions, "1001\x00", "extension"},
		{userman.Extensions, strings.Repeat("1001,", userman.MaxItems+1), "max"},
		{userman.Extensions, strings.Repeat("1", 1_000_000), "max"},
		{userman.Numbers, "self", "number"},
		{userman.Numbers, digits21, "number"},
		{userman.Numbers, "1 ++2", "number"},
		{userman.Names, "Linked", "name"},
		{userman.Names, "call_forward,none", "name"},
		{userman.Names, "hunter2, +b", "name"},
		{userman.Names, strings.Repeat("x", 65), "name"},
		{userman.Names, "call\x1bforward", "name"},
		{userman.Names, "call\u202eforward", "name"},
		{userman.Names, "\xff", "name"},
		{userman.Names, "\uff0bx, " + strings.Repeat("客", 65), "name"},
	} {
		_, err := userman.ParseValue(bad.kind, bad.text)
		requireFields(t, err, "value: "+bad.code)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestWhatIsNoValueInJSONIsRefusedWithoutRepeatingIt(t *testing.T) {
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

func TestAValueNeverChanges(t *testing.T) {
	t.Parallel()
	given := []string{"1002", "1001"}
	value := userman.Replace(given...)
	given[0] = "9999"
	value.Items()[0] = "9999"
	require.Equal(t, []string{"1001", "1002"}, value.Items())
	require.Equal(t, "1001, 1002", value.String())

	require.False(t, userman.Replace("1").Equal(userman.Extend("1")))
	require.False(t, userman.Replace().Equal(userman.Off()))
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

package field_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store/field"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		kind field.Kind
		text string
		want field.Value
	}{
		{field.KindText, " a, b ", field.TextValue(" a, b ")},
		{field.KindText, "", field.TextValue("")},
		{field.KindList, " a ,,b\r\nc d,", field.ListValue([]string{"a", "b", "c d"})},
		{field.KindList, "", field.ListValue(nil)},
		{field.KindBool, "Yes", field.BoolValue(true)},
		{field.KindBool, "1", field.BoolValue(true)},
		{field.KindBool, " on ", field.BoolValue(true)},
		{field.KindBool, "FALSE", field.BoolValue(false)},
		{field.KindBool, "", field.BoolValue(false)},
		{field.KindInt, " -12 ", field.IntValue(-12)},
		{field.KindInt, "", field.IntValue(0)},
		{field.KindTime, "2026-01-02T04:04:05+01:00", field.TimeValue(at())},
		{field.KindTime, "", field.TimeValue(time.Time{})},
	} {
		v, err := field.Parse(tc.kind, tc.text)
		require.NoError(t, err, "%s %q", tc.kind, tc.text)
		require.True(t, tc.want.Equal(v), "%s %q: %s", tc.kind, tc.text, v)
	}
}

func TestParse_errorHasNoContent(t *testing.T) {
	t.Parallel()
	for kind, message := range map[field.Kind]string{
		field.KindBool: "this must be true or false",
		field.KindInt:  "this must be a whole number",
		field.KindTime: "this must be a time, such as 2026-01-31T09:00:00Z",
	} {
		for _, text := range []string{"s3cret", "1.5", "99999999999999999999"} {
			v, err := field.Parse(kind, text)
			require.EqualError(t, err, message)
			require.True(t, v.Equal(field.ZeroValue(kind)))
		}
	}
}

func TestParse_readsString(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRecord(t, "a")
		r.Tags = field.SplitList(field.ListValue(r.Tags).String())
		for _, f := range newTable().Fields() {
			v, err := field.Parse(f.Kind, f.Get(r).String())
			require.NoError(t, err)
			require.True(t, f.Get(r).Equal(v), f.Name)
		}
	})
}

package field_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/field"
)

func at() time.Time { return time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("CET", 3600)) }

func TestValue_holdsItsKindOnly(t *testing.T) {
	t.Parallel()
	for kind, v := range map[field.Kind]field.Value{
		field.KindText: field.TextValue("x"), field.KindList: field.ListValue([]string{"x", "y"}), field.KindBool: field.BoolValue(true),
		field.KindInt: field.IntValue(7), field.KindTime: field.TimeValue(at()),
	} {
		require.Equal(t, kind, v.Kind())
		require.False(t, v.IsZero(), kind)
		require.Equal(t, kind == field.KindText, v.Text() == "x", kind)
		require.Equal(t, kind == field.KindList, len(v.List()) == 2, kind)
		require.Equal(t, kind == field.KindBool, v.Bool(), kind)
		require.Equal(t, kind == field.KindInt, v.Int() == 7, kind)
		require.Equal(t, kind == field.KindTime, !v.Time().IsZero(), kind)
	}
}

func TestValue_isEmptyTextByDefault(t *testing.T) {
	t.Parallel()
	var v field.Value
	require.Equal(t, field.KindText, v.Kind())
	require.True(t, v.IsZero())
	require.True(t, v.Equal(field.TextValue("")))
}

func TestZeroValue(t *testing.T) {
	t.Parallel()
	for _, kind := range []field.Kind{field.KindText, field.KindList, field.KindBool, field.KindInt, field.KindTime} {
		v := field.ZeroValue(kind)
		require.Equal(t, kind, v.Kind())
		require.True(t, v.IsZero())
	}
}

func TestValue_Equal(t *testing.T) {
	t.Parallel()
	different := []field.Value{
		field.TextValue(""), field.TextValue("0"), field.ListValue(nil), field.ListValue([]string{"a", "b"}), field.ListValue([]string{"b", "a"}),
		field.BoolValue(false), field.BoolValue(true), field.IntValue(0), field.IntValue(1), field.TimeValue(time.Time{}), field.TimeValue(at()),
	}
	for i, v := range different {
		for j, w := range different {
			require.Equal(t, i == j, v.Equal(w), "%d, %d", i, j)
		}
	}
	require.True(t, field.ListValue(nil).Equal(field.ListValue([]string{})))
	require.True(t, field.TimeValue(at()).Equal(field.TimeValue(at().UTC())))
}

func TestValue_List_sharesNothing(t *testing.T) {
	t.Parallel()
	list := []string{"a"}
	v := field.ListValue(list)
	list[0] = "changed"
	v.List()[0] = "changed"
	v.Any().([]string)[0] = "changed" //nolint:forcetypeassert,errcheck // a list is a []string
	require.Equal(t, []string{"a"}, v.List())
}

func TestValue_String(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]field.Value{
		"x":                    field.TextValue("x"),
		"a, b":                 field.ListValue([]string{"a", "b"}),
		"yes":                  field.BoolValue(true),
		"no":                   field.BoolValue(false),
		"-7":                   field.IntValue(-7),
		"2026-01-02T03:04:05Z": field.TimeValue(at()),
		"":                     field.TimeValue(time.Time{}),
	} {
		require.Equal(t, want, v.String())
	}
}

func TestValue_Any(t *testing.T) {
	t.Parallel()
	require.Equal(t, "x", field.TextValue("x").Any())
	require.Equal(t, []string{"a"}, field.ListValue([]string{"a"}).Any())
	require.Equal(t, []string{}, field.ListValue(nil).Any())
	require.Equal(t, true, field.BoolValue(true).Any())
	require.Equal(t, 7, field.IntValue(7).Any())
	require.Equal(t, at(), field.TimeValue(at()).Any())
}

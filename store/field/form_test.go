package field_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store/field"
)

func TestMeta_ReadForm_readsEachKind(t *testing.T) {
	t.Parallel()
	form := url.Values{"x": {" a\r\nb ", "c"}}
	for _, c := range []struct {
		meta field.Meta
		want []string
	}{
		{field.Meta{Kind: field.KindText}, []string{"a\r\nb"}},
		{field.Meta{Kind: field.KindText, Format: field.FormatMultiline}, []string{" a\nb "}},
		{field.Meta{Kind: field.KindList}, []string{" a\nb "}},
		{field.Meta{Kind: field.KindList, Format: field.FormatChoice}, []string{" a\r\nb ", "c"}},
		{field.Meta{Kind: field.KindBool}, []string{"yes"}},
	} {
		c.meta.Name = "x"
		require.Equal(t, c.want, c.meta.ReadForm(form), c.meta)
	}
	require.Nil(t, field.Meta{Name: "y", Kind: field.KindBool}.ReadForm(form))
	require.Nil(t, field.Meta{Name: "y", Kind: field.KindList, Format: field.FormatChoice}.ReadForm(form))
	require.Equal(t, []string{""}, field.Meta{Name: "y", Kind: field.KindText}.ReadForm(form))
}

func TestMeta_ParseForm_readsWhatFormTextsWrites(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 12, 31, 23, 59, 42, 0, time.UTC)
	for _, c := range []struct {
		meta  field.Meta
		value field.Value
		texts []string
	}{
		{field.Meta{Kind: field.KindText}, field.TextValue("Jane"), []string{"Jane"}},
		{field.Meta{Kind: field.KindInt}, field.IntValue(7), []string{"7"}},
		{field.Meta{Kind: field.KindBool}, field.BoolValue(true), []string{"yes"}},
		{field.Meta{Kind: field.KindBool}, field.BoolValue(false), nil},
		{field.Meta{Kind: field.KindList}, field.ListValue([]string{"a", "b"}), []string{"a, b"}},
		{field.Meta{Kind: field.KindList, Format: field.FormatMultiline}, field.ListValue([]string{"a", "b"}), []string{"a\nb"}},
		{field.Meta{Kind: field.KindList, Format: field.FormatChoice}, field.ListValue([]string{"a,b", "c"}), []string{"a,b", "c"}},
		{field.Meta{Kind: field.KindTime}, field.TimeValue(at), []string{"2030-12-31T23:59"}},
		{field.Meta{Kind: field.KindTime}, field.TimeValue(time.Time{}), []string{""}},
	} {
		texts := c.meta.FormTexts(c.value)
		require.Equal(t, c.texts, texts)
		got, err := c.meta.ParseForm(texts, c.value)
		require.NoError(t, err)
		require.True(t, c.value.Equal(got), "%s %v", c.meta.Kind, got)
	}
}

func TestMeta_ParseForm_readsTimes(t *testing.T) {
	t.Parallel()
	m, current := field.Meta{Kind: field.KindTime}, field.TimeValue(time.Date(2030, 12, 31, 23, 59, 42, 0, time.UTC))
	for text, want := range map[string]time.Time{
		"2030-12-31T23:59":    current.Time(),
		"2030-12-31T23:58":    time.Date(2030, 12, 31, 23, 58, 0, 0, time.UTC),
		"2030-12-31T23:58:07": time.Date(2030, 12, 31, 23, 58, 7, 0, time.UTC),
		"":                    {},
	} {
		got, err := m.ParseForm([]string{text}, current)
		require.NoError(t, err, text)
		require.True(t, want.Equal(got.Time()), text)
	}
	_, err := m.ParseForm([]string{"tomorrow s3cr3t"}, current)
	require.ErrorContains(t, err, "enter a date and time")
	require.NotContains(t, err.Error(), "s3cr3t")
	_, err = field.Meta{Kind: field.KindInt}.ParseForm([]string{"x"}, current)
	require.Error(t, err)
}

func ExampleMeta_ParseForm() {
	m := field.Meta{Name: "linked_extensions", Kind: field.KindList}
	texts := m.ReadForm(url.Values{"linked_extensions": {"1001, 1002"}})
	value, err := m.ParseForm(texts, field.ListValue(nil))
	fmt.Printf("%q %v\n", value.List(), err)
	fmt.Printf("%q\n", m.FormTexts(value))
	// Output:
	// ["1001" "1002"] <nil>
	// ["1001, 1002"]
}

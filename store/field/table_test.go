package field_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

func TestNew_panicsOnMistakes(t *testing.T) {
	t.Parallel()
	at := func(r *record) *string { return &r.Name }
	named := field.Text("name", "", at, field.Meta{Label: "Name"})
	require.Panics(t, func() { field.New(named, named) })
	require.Panics(t, func() { field.New(field.Text("", "", at, field.Meta{Label: "Name"})) })
	require.Panics(t, func() { field.New(field.Text("name", "", at, field.Meta{})) })
}

func TestTable_Metas_readsTheRule(t *testing.T) {
	t.Parallel()
	metas := newTable().Metas(nil)
	require.Equal(t, field.Meta{
		Name: "name", Kind: field.KindText, Label: "Name", Placeholder: "TEXT", Column: "name", Search: true,
		Rule: "required,max=10,plain_line", Required: true, Max: 10,
	}, metas[0])
	require.Equal(t, field.Meta{Name: "notes", Kind: field.KindText, Label: "Notes", Placeholder: "NOTES", Column: "notes"}, metas[1])
	require.Equal(t, field.Meta{
		Name: "tags", Kind: field.KindList, Label: "Tags", Placeholder: "LIST", Column: "tags", Search: true,
		Rule: "max=3,dive,max=5,plain_line", Max: 3, MaxElement: 5,
	}, metas[2])
	require.Equal(t, field.Meta{
		Name: "max_count", Kind: field.KindInt, Label: "Largest count", Placeholder: "INT", Column: "count_of",
		Rule: "omitempty,min=1,max=9", Optional: true, Min: 1, Max: 9,
	}, metas[4])
	require.Equal(t, "max-count", metas[4].Flag())
	choice := field.Text("access", "oneof=full limited", func(r *record) *string { return &r.Name }, field.Meta{})
	require.Equal(t, []string{"full", "limited"}, choice.OneOf)
	require.False(t, choice.Required)
}

func TestTable_Names_selects(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"name", "notes", "tags", "enabled", "max_count", "expires_at"}, newTable().Names(nil))
	require.Equal(t, []string{"name", "tags"}, newTable().Names(func(m field.Meta) bool { return m.Search }))
	require.Equal(t, []string{"name", "notes", "tags", "enabled", "count_of", "expires_at"}, newTable().Columns())
}

func TestTable_Lookup(t *testing.T) {
	t.Parallel()
	f, ok := newTable().Lookup("tags")
	require.True(t, ok)
	require.Equal(t, []string{"x", "", "y,z"}, f.Get(filledRecord()).List())
	_, ok = newTable().Lookup("Tags")
	require.False(t, ok)
}

func TestField_Set_zeroOfAnotherKind(t *testing.T) {
	t.Parallel()
	r := filledRecord()
	for _, f := range newTable().Fields() {
		other := field.TextValue("x")
		if f.Kind == field.KindText {
			other = field.IntValue(1)
		}
		f.Set(r, other)
	}
	require.Equal(t, &record{}, r)
}

func TestTable_Apply_setsNamedFields(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, before, after := newTable(), drawRecord(t, "before"), drawRecord(t, "after")
		names := rapid.SliceOfDistinct(rapid.SampledFrom(table.Names(nil)), rapid.ID[string]).Draw(t, "names")
		values, changes := table.Values(after), map[string]field.Value{}
		for _, name := range names {
			changes[name] = values[name]
		}
		changed := *before
		require.Empty(t, table.Apply(&changed, changes))
		for _, f := range table.Fields() {
			want := before
			if _, ok := changes[f.Name]; ok {
				want = after
			}
			require.True(t, f.Equal(want, &changed), f.Name)
		}
	})
}

func TestTable_Apply_reportsAllErrors(t *testing.T) {
	t.Parallel()
	r := filledRecord()
	errs := newTable().Apply(r, map[string]field.Value{
		"zzz": {}, "aaa": {}, "notes": field.TextValue("set"), "expires_at": field.IntValue(1), "name": field.ListValue(nil), "enabled": field.TextValue("yes"),
		"max_count": field.BoolValue(true), "tags": field.TextValue("a"),
	})
	require.Equal(t, []store.FieldError{
		{Field: "name", Code: "type", Message: "this must be a text"},
		{Field: "tags", Code: "type", Message: "this must be a list of texts"},
		{Field: "enabled", Code: "type", Message: "this must be true or false"},
		{Field: "max_count", Code: "type", Message: "this must be a whole number"},
		{Field: "expires_at", Code: "type", Message: "this must be a time, such as 2026-01-31T09:00:00Z"},
		{Field: "aaa", Code: "unknown_field", Message: "there is no field of this name"},
		{Field: "zzz", Code: "unknown_field", Message: "there is no field of this name"},
	}, errs)
	want := filledRecord()
	want.Notes = "set"
	require.Equal(t, want, r)
}

func TestTable_Diff_namesWhatCopySets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table, a, b := newTable(), drawRecord(t, "a"), drawRecord(t, "b")
		names := table.Diff(a, b)
		copied := *a
		for _, name := range names {
			f, ok := table.Lookup(name)
			require.True(t, ok)
			require.False(t, f.Equal(&copied, b), name)
			f.Copy(&copied, b)
		}
		require.Equal(t, b, &copied)
		require.Empty(t, table.Diff(&copied, b))
	})
}

func TestTable_Copy_sharesNothing(t *testing.T) {
	t.Parallel()
	from := filledRecord()
	var to record
	newTable().Copy(&to, from)
	require.Equal(t, filledRecord(), &to)
	from.Tags[0] = "changed"
	require.Equal(t, filledRecord(), &to)
}

func TestTable_Normalize(t *testing.T) {
	t.Parallel()
	upper := func(m field.Meta, text string) string { return m.Name + ":" + strings.ToUpper(text) }
	r := &record{Name: "jane", Tags: []string{"a", "b"}, Count: 3, Expires: time.Unix(1, 0)}
	tags := r.Tags
	newTable().Normalize(r, upper)
	require.Equal(t, &record{Name: "name:JANE", Notes: "notes:", Tags: []string{"tags:A", "tags:B"}, Count: 3, Expires: time.Unix(1, 0)}, r)
	require.Equal(t, []string{"a", "b"}, tags)
	r.Tags = []string{"a", "b", "c", "d"}
	newTable().Normalize(r, upper)
	require.Equal(t, []string{"a", "b", "c", "d"}, r.Tags)
}

func TestTable_Validate_passesValuesWithRules(t *testing.T) {
	t.Parallel()
	values := map[string]any{}
	errs := newTable().Validate(&record{Name: "jane", Count: 3}, func(name string, value any, rule string) []store.FieldError {
		values[name] = value
		return []store.FieldError{{Field: name, Code: rule}}
	})
	require.Equal(t, map[string]any{"name": "jane", "tags": []string{}, "max_count": 3}, values)
	require.Equal(t, []store.FieldError{
		{Field: "name", Code: "required,max=10,plain_line"}, {Field: "tags", Code: "max=3,dive,max=5,plain_line"}, {Field: "max_count", Code: "omitempty,min=1,max=9"},
	}, errs)
}

func TestTable_FillLists(t *testing.T) {
	t.Parallel()
	r := &record{}
	newTable().FillLists(r)
	require.Equal(t, &record{Tags: []string{}}, r)
	r.Tags = []string{"a"}
	newTable().FillLists(r)
	require.Equal(t, []string{"a"}, r.Tags)
}

func TestTable_Snapshot_leavesOutZeros(t *testing.T) {
	t.Parallel()
	require.Empty(t, newTable().Snapshot(&record{Tags: []string{}}))
	require.Equal(t, map[string]any{
		"name": "jane", "notes": "a, b\nc", "tags": []string{"x", "", "y,z"}, "enabled": true, "max_count": 7, "expires_at": int64(1767323045678901),
	}, newTable().Snapshot(filledRecord()))
}

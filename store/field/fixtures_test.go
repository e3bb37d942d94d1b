package field_test

import (
	"time"

	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store/field"
)

// record has a field of each kind.
type record struct {
	Name    string
	Notes   string
	Tags    []string
	Enabled bool
	Count   int
	Expires time.Time
}

func newTable() *field.Table[record] {
	return field.New(
		field.Text("name", "required,max=10,plain_line", func(r *record) *string { return &r.Name }, field.Meta{Label: "Name", Search: true}),
		field.Text("notes", "", func(r *record) *string { return &r.Notes }, field.Meta{Label: "Notes", Placeholder: "NOTES"}),
		field.List("tags", "max=3,dive,max=5,plain_line", func(r *record) *[]string { return &r.Tags }, field.Meta{Label: "Tags", Search: true}),
		field.Bool("enabled", func(r *record) *bool { return &r.Enabled }, field.Meta{Label: "Enabled"}),
		field.Int("max_count", "omitempty,min=1,max=9", func(r *record) *int { return &r.Count }, field.Meta{Label: "Largest count", Column: "count_of"}),
		field.Time("expires_at", func(r *record) *time.Time { return &r.Expires }, field.Meta{Label: "Expires"}),
	)
}

func filledRecord() *record {
	return &record{
		Name: "jane", Notes: "a, b\nc", Tags: []string{"x", "", "y,z"}, Enabled: true, Count: 7,
		Expires: time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC),
	}
}

func drawRecord(t *rapid.T, label string) *record {
	r := &record{
		Name: rapid.String().Draw(t, label+" name"), Notes: rapid.String().Draw(t, label+" notes"),
		Tags:    rapid.SliceOfN(rapid.String(), 0, 3).Draw(t, label+" tags"),
		Enabled: rapid.Bool().Draw(t, label+" enabled"), Count: rapid.Int().Draw(t, label+" count"),
	}
	if rapid.Bool().Draw(t, label+" expires") {
		r.Expires = time.UnixMicro(rapid.Int64Range(-1<<50, 1<<50).Draw(t, label+" micros")).UTC()
	}
	if len(r.Tags) == 0 {
		r.Tags = nil
	}
	return r
}

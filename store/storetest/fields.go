package storetest

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// drawFields sets the fields of a table to arbitrary values. Every third field
// stays empty.
func drawFields[T any](t *rapid.T, table *field.Table[T], record *T, text *rapid.Generator[string]) {
	for _, f := range table.Fields() {
		if rapid.IntRange(0, 2).Draw(t, f.Name+" empty") == 2 {
			continue
		}
		f.Set(record, drawValue(t, f.Meta, text))
	}
}

func drawValue(t *rapid.T, m field.Meta, text *rapid.Generator[string]) field.Value {
	switch m.Kind {
	case field.KindList:
		return field.ListValue(rapid.SliceOfN(text, 0, 3).Draw(t, m.Name))
	case field.KindBool:
		return field.BoolValue(rapid.Bool().Draw(t, m.Name))
	case field.KindInt:
		return field.IntValue(int(rapid.Int32().Draw(t, m.Name)))
	case field.KindTime:
		return field.TimeValue(drawTime(t))
	case field.KindText:
	}
	return field.TextValue(text.Draw(t, m.Name))
}

// setPhones sets the first phone numbers of u.
func setPhones(u *userman.User, numbers ...string) {
	phones := slices.DeleteFunc(slices.Clone(userman.Fields().Fields()), func(f field.Field[userman.User]) bool {
		return f.Format != field.FormatPhone
	})
	for i, number := range numbers {
		phones[i].Set(u, field.TextValue(number))
	}
}

// fillFields sets each empty field of a table to a different hostile value.
func fillFields[T any](table *field.Table[T], record *T) {
	for i, f := range table.Fields() {
		if !f.Get(record).IsZero() {
			continue
		}
		text := fmt.Sprintf("%d ', \"; DROP TABLE %%_\\ <b>Größe</b> 北京\n", i)
		f.Set(record, map[field.Kind]field.Value{
			field.KindText: field.TextValue(text),
			field.KindList: field.ListValue([]string{text, "z", "a", ""}),
			field.KindBool: field.BoolValue(true),
			field.KindInt:  field.IntValue(i + 1),
			field.KindTime: field.TimeValue(noon().Add(time.Duration(i) * time.Hour)),
		}[f.Kind])
	}
}

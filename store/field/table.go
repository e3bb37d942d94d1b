package field

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
)

// Table describes the plain fields of a record type, in the order in which forms,
// documents and errors name them. It never changes, and any number of goroutines
// may use it.
type Table[T any] struct {
	fields  []Field[T]
	columns []string
	index   map[string]int
}

// New returns a table. It panics when two fields have the same name, or when a
// field has no name or no label: that is a mistake in the program.
func New[T any](fields ...Field[T]) *Table[T] {
	t := &Table[T]{fields: fields, index: make(map[string]int, len(fields))}
	for i, f := range fields {
		if _, twice := t.index[f.Name]; twice || f.Name == "" || f.Label == "" {
			panic(fmt.Sprintf("field: field %d, %q, needs a label and a name of its own", i, f.Name))
		}
		t.index[f.Name] = i
		t.columns = append(t.columns, f.Column)
	}
	return t
}

// Fields returns the fields in their order. The caller must not change the
// slice.
func (t *Table[T]) Fields() []Field[T] { return t.fields }

// Lookup returns the field of that name. The bool is false when the table has no
// such field.
func (t *Table[T]) Lookup(name string) (Field[T], bool) {
	i, ok := t.index[name]
	if !ok {
		return Field[T]{}, false
	}
	return t.fields[i], true
}

// Metas returns the descriptions of the fields that match, in their order; of all
// fields with a nil match.
func (t *Table[T]) Metas(match func(Meta) bool) []Meta {
	metas := make([]Meta, 0, len(t.fields))
	for _, f := range t.fields {
		if match == nil || match(f.Meta) {
			metas = append(metas, f.Meta)
		}
	}
	return metas
}

// Names returns the names of the fields that match, in their order; of all fields
// with a nil match.
func (t *Table[T]) Names(match func(Meta) bool) []string {
	metas := t.Metas(match)
	names := make([]string, len(metas))
	for i, m := range metas {
		names[i] = m.Name
	}
	return names
}

// Values returns the values of a record by the names of its fields.
func (t *Table[T]) Values(record *T) map[string]Value {
	values := make(map[string]Value, len(t.fields))
	for _, f := range t.fields {
		values[f.Name] = f.get(record)
	}
	return values
}

// Apply sets the fields that changes names, and leaves the others as they are. It
// returns an error for each name that the table does not have, and for each value
// of another kind than the field's: those in the order of the table first, then
// the unknown names sorted. It sets the remaining fields all the same.
func (t *Table[T]) Apply(record *T, changes map[string]Value) []store.FieldError {
	var errs []store.FieldError
	for _, f := range t.fields {
		v, ok := changes[f.Name]
		switch {
		case !ok:
		case v.Kind() != f.Kind:
			errs = append(errs, store.FieldError{Field: f.Name, Code: store.CodeType, Message: f.Kind.expectation()})
		default:
			f.set(record, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if _, ok := t.index[name]; !ok {
			errs = append(errs, store.FieldError{Field: name, Code: store.CodeUnknownField, Message: "there is no field of this name"})
		}
	}
	return errs
}

// Diff returns the names of the fields in which two records differ, in the order
// of the table.
func (t *Table[T]) Diff(a, b *T) []string {
	var names []string
	for _, f := range t.fields {
		if !f.Equal(a, b) {
			names = append(names, f.Name)
		}
	}
	return names
}

// Copy sets the fields of one record to the values of another.
func (t *Table[T]) Copy(to, from *T) {
	for _, f := range t.fields {
		f.Copy(to, from)
	}
}

// Normalize replaces each text, and each element of each list, by what clean
// returns for it. It leaves a list with more elements than [Meta].Max as it is:
// [Table.Validate] rejects it.
func (t *Table[T]) Normalize(record *T, clean func(m Meta, text string) string) {
	for _, f := range t.fields {
		switch v := f.get(record); f.Kind {
		case KindText:
			f.set(record, TextValue(clean(f.Meta, v.text)))
		case KindList:
			if f.Max > 0 && len(v.list) > f.Max {
				continue
			}
			for i, text := range v.list {
				v.list[i] = clean(f.Meta, text)
			}
			f.set(record, v)
		case KindBool, KindInt, KindTime:
		}
	}
}

// FillLists replaces each nil list by an empty one, so that JSON has [] for it.
func (t *Table[T]) FillLists(record *T) {
	for _, f := range t.fields {
		if f.Kind == KindList && f.get(record).IsZero() {
			f.set(record, ListValue([]string{}))
		}
	}
}

// Snapshot returns the values that are not zero by the names of their fields, for
// an audit state: equal records have equal snapshots, also after a new field came.
// A time is in microseconds since 1970.
func (t *Table[T]) Snapshot(record *T) map[string]any {
	snapshot := map[string]any{}
	for _, f := range t.fields {
		v := f.get(record)
		switch {
		case v.IsZero():
		case f.Kind == KindTime:
			snapshot[f.Name] = v.time.UnixMicro()
		default:
			snapshot[f.Name] = v.Any()
		}
	}
	return snapshot
}

// Validate passes each value that has a rule to check, and returns the errors in
// the order of the table.
func (t *Table[T]) Validate(record *T, check func(name string, value any, rule string) []store.FieldError) []store.FieldError {
	var errs []store.FieldError
	for _, f := range t.fields {
		if f.Rule != "" {
			errs = append(errs, check(f.Name, f.get(record).Any(), f.Rule)...)
		}
	}
	return errs
}

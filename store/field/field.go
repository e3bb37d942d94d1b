package field

import (
	"time"
)

// Field is one field of a record of type T.
type Field[T any] struct {
	Meta

	get    func(record *T) Value
	set    func(record *T, v Value)
	target func(record *T) any
}

// Get returns the value of the field.
func (f Field[T]) Get(record *T) Value { return f.get(record) }

// Set sets the field. A value of another kind is a mistake in the program; it
// sets the zero value.
func (f Field[T]) Set(record *T, v Value) { f.set(record, v) }

// Equal reports whether two records have the same value in the field.
func (f Field[T]) Equal(a, b *T) bool { return f.get(a).Equal(f.get(b)) }

// Copy sets the field of one record to the value of another.
func (f Field[T]) Copy(to, from *T) { f.set(to, f.get(from)) }

// Text describes a field of one text. The function at returns its place in the
// record, here and in the other constructors.
func Text[T any](name, rule string, at func(*T) *string, m Meta) Field[T] {
	return Field[T]{
		Meta:   m.complete(name, rule, KindText),
		get:    func(r *T) Value { return TextValue(*at(r)) },
		set:    func(r *T, v Value) { *at(r) = v.Text() },
		target: func(r *T) any { return at(r) },
	}
}

// List describes a field that is a list of texts.
func List[T any](name, rule string, at func(*T) *[]string, m Meta) Field[T] {
	m = m.complete(name, rule, KindList)
	return Field[T]{
		Meta:   m,
		get:    func(r *T) Value { return ListValue(*at(r)) },
		set:    func(r *T, v Value) { *at(r) = v.List() },
		target: func(r *T) any { return &listTarget{column: m.Column, list: at(r)} },
	}
}

// Bool describes a field that is true or false.
func Bool[T any](name string, at func(*T) *bool, m Meta) Field[T] {
	m = m.complete(name, "", KindBool)
	return Field[T]{
		Meta:   m,
		get:    func(r *T) Value { return BoolValue(*at(r)) },
		set:    func(r *T, v Value) { *at(r) = v.Bool() },
		target: func(r *T) any { return &target[bool]{column: m.Column, set: func(on bool) { *at(r) = on }} },
	}
}

// Int describes a field that is a whole number.
func Int[T any](name, rule string, at func(*T) *int, m Meta) Field[T] {
	m = m.complete(name, rule, KindInt)
	return Field[T]{
		Meta:   m,
		get:    func(r *T) Value { return IntValue(*at(r)) },
		set:    func(r *T, v Value) { *at(r) = v.Int() },
		target: func(r *T) any { return &target[int]{column: m.Column, set: func(n int) { *at(r) = n }} },
	}
}

// Func describes a field that the record has in another form, such as a duration that
// the field counts in days. The record is not stored in SQL: a table with such a field
// has no [Table.Targets].
func Func[T any](name, rule string, kind Kind, get func(*T) Value, set func(*T, Value), m Meta) Field[T] {
	return Field[T]{Meta: m.complete(name, rule, kind), get: get, set: set}
}

// Time describes a field that is a time in UTC, stored to the microsecond.
func Time[T any](name string, at func(*T) *time.Time, m Meta) Field[T] {
	m = m.complete(name, "", KindTime)
	return Field[T]{
		Meta: m,
		get:  func(r *T) Value { return TimeValue(*at(r)) },
		set:  func(r *T, v Value) { *at(r) = v.Time() },
		target: func(r *T) any {
			return &target[int64]{column: m.Column, set: func(micros int64) { *at(r) = time.UnixMicro(micros).UTC() }}
		},
	}
}

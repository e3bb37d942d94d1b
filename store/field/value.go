package field

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a field's value.
type Kind string

// The kinds of fields.
const (
	KindText Kind = "text"
	KindList Kind = "list" // of texts, in their order
	KindBool Kind = "bool"
	KindInt  Kind = "int"
	KindTime Kind = "time"
)

// Value is the value of one field. The zero Value is an empty text.
type Value struct {
	kind   Kind
	text   string
	list   []string
	number int
	time   time.Time
}

// TextValue returns a value of [KindText].
func TextValue(text string) Value { return Value{kind: KindText, text: text} }

// ListValue returns a value of [KindList]. It copies the list.
func ListValue(list []string) Value { return Value{kind: KindList, list: slices.Clone(list)} }

// BoolValue returns a value of [KindBool].
func BoolValue(on bool) Value {
	if on {
		return Value{kind: KindBool, number: 1}
	}
	return Value{kind: KindBool}
}

// IntValue returns a value of [KindInt].
func IntValue(n int) Value { return Value{kind: KindInt, number: n} }

// TimeValue returns a value of [KindTime].
func TimeValue(t time.Time) Value { return Value{kind: KindTime, time: t} }

// ZeroValue returns the zero value of a kind: empty, false, 0 or the zero time.
func ZeroValue(kind Kind) Value { return Value{kind: kind} }

// Kind returns the kind of the value.
func (v Value) Kind() Kind {
	if v.kind == "" {
		return KindText
	}
	return v.kind
}

// Text returns the text of a value of [KindText], and "" of another kind.
func (v Value) Text() string { return v.text }

// List returns a copy of the list of a value of [KindList], and nil of another
// kind.
func (v Value) List() []string { return slices.Clone(v.list) }

// Bool returns the truth of a value of [KindBool], and false of another kind.
func (v Value) Bool() bool { return v.kind == KindBool && v.number != 0 }

// Int returns the number of a value of [KindInt], and 0 of another kind.
func (v Value) Int() int {
	if v.kind != KindInt {
		return 0
	}
	return v.number
}

// Time returns the time of a value of [KindTime], and the zero time of another
// kind.
func (v Value) Time() time.Time { return v.time }

// IsZero reports whether the value is empty, false, 0 or the zero time.
func (v Value) IsZero() bool {
	return v.text == "" && len(v.list) == 0 && v.number == 0 && v.time.IsZero()
}

// Equal reports whether two values have the same kind and content. A nil list
// equals an empty one.
func (v Value) Equal(w Value) bool {
	return v.Kind() == w.Kind() && v.text == w.text && slices.Equal(v.list, w.list) && v.number == w.number && v.time.Equal(w.time)
}

// String returns the value as text: a list separated by commas, a bool as "yes" or
// "no", a time in RFC 3339 in UTC. The zero time is "".
func (v Value) String() string {
	switch v.Kind() {
	case KindList:
		return strings.Join(v.list, ", ")
	case KindBool:
		if v.Bool() {
			return "yes"
		}
		return "no"
	case KindInt:
		return strconv.Itoa(v.number)
	case KindTime:
		if v.time.IsZero() {
			return ""
		}
		return v.time.UTC().Format(time.RFC3339Nano)
	case KindText:
	}
	return v.text
}

// Any returns the value as its Go type: string, []string, bool, int or
// time.Time. A list is never nil, so that JSON has [] for it.
func (v Value) Any() any {
	switch v.Kind() {
	case KindList:
		return append([]string{}, v.list...)
	case KindBool:
		return v.Bool()
	case KindInt:
		return v.number
	case KindTime:
		return v.time
	case KindText:
	}
	return v.text
}

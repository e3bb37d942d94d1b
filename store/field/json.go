package field

import (
	"encoding/json"
	"strconv"
	"time"
)

// FromJSON returns the value of a kind that a JSON document spells, as package
// encoding/json decodes it into an any: a list is an array of strings, a time is a
// string in RFC 3339, and an int is a [json.Number] (see [json.Decoder.UseNumber]) or
// a float64. A null is the zero value of each kind. The bool is false when the JSON
// value has another type.
func FromJSON(kind Kind, value any) (Value, bool) {
	switch value := value.(type) {
	case nil:
		return ZeroValue(kind), true
	case bool:
		return BoolValue(value), kind == KindBool
	case json.Number:
		n, err := strconv.Atoi(value.String())
		return IntValue(n), kind == KindInt && err == nil
	case float64:
		return IntValue(int(value)), kind == KindInt && value == float64(int(value))
	case string:
		if kind != KindTime {
			return TextValue(value), kind == KindText
		}
		t, err := time.Parse(time.RFC3339, value)
		return TimeValue(t), err == nil
	case []any:
		return listFromJSON(value, kind == KindList)
	}
	return ZeroValue(kind), false
}

func listFromJSON(items []any, ok bool) (Value, bool) {
	list := make([]string, len(items))
	for i, item := range items {
		text, isText := item.(string)
		list[i], ok = text, ok && isText
	}
	return Value{kind: KindList, list: list}, ok
}

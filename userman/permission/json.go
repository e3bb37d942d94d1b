package permission

import (
	"bytes"
	"encoding/json"

	"github.com/pbxusers/pbxusers/store"
)

// appendJSON is the JSON form of [Append].
type appendJSON struct {
	Append []string `json:"append"`
}

// MarshalJSON encodes true, false, ["self","1002"] for [Set], and
// {"append":["1002"]} for [Append].
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.mode {
	case modeSet:
		return json.Marshal(v.Items())
	case modeAppend:
		return json.Marshal(appendJSON{v.Items()})
	default:
		return json.Marshal(v.IsOn())
	}
}

// UnmarshalJSON decodes the form that MarshalJSON encodes. It returns a
// [store.InvalidError] without a field for anything else, including null.
func (v *Value) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "true":
		*v = On()
		return nil
	case "false":
		*v = Off()
		return nil
	}
	if bytes.HasPrefix(text, []byte("[")) {
		read := Value{mode: modeSet}
		if json.Unmarshal(text, &read.items) == nil {
			*v = read
			return nil
		}
	}
	if bytes.HasPrefix(text, []byte("{")) {
		var read appendJSON
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if decoder.Decode(&read) == nil && read.Append != nil {
			*v = Value{mode: modeAppend, items: read.Append}
			return nil
		}
	}
	return store.NewInvalidError(store.FieldError{
		Code: store.CodeValue, Message: `write true or false, a list of texts, or {"append": [...]} with such a list`,
	})
}

package userman

import (
	"bytes"
	"encoding/json"

	"github.com/pbxusers/pbxusers/store"
)

// extension of a list, as JSON has it.
type extendJSON struct {
	Extend []string `json:"extend"`
}

// MarshalJSON writes true, false, ["self","1002"] for Replace, and
// {"extend":["1002"]}.
func (v Value) MarshalJSON() ([]byte, error) {
	switch v.mode {
	case modeReplace:
		return json.Marshal(v.Items())
	case modeExtend:
		return json.Marshal(extendJSON{v.Items()})
	default:
		return json.Marshal(v.IsOn())
	}
}

// UnmarshalJSON reads what MarshalJSON writes. What is something else, null
// included, is a [store.InvalidError] on no field.
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
		read := Value{mode: modeReplace}
		if json.Unmarshal(text, &read.items) == nil {
			*v = read
			return nil
		}
	}
	if bytes.HasPrefix(text, []byte("{")) {
		var read extendJSON
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.DisallowUnknownFields()
		if decoder.Decode(&read) == nil && read.Extend != nil {
			*v = Value{mode: modeExtend, items: read.Extend}
			return nil
		}
	}
	return store.Invalid(store.FieldError{
		Code: "value", Message: `write true or false, a list of texts, or {"extend": [...]} with such a list`,
	})
}

package api

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// optional is a field of a change: what is absent keeps what there is, and null
// stands for the field's default (RFC 7396).
type optional[T any] struct {
	set   bool
	null  bool
	value T
}

// UnmarshalJSON reads a value, or null.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	o.set, o.null = true, string(data) == "null"
	return json.Unmarshal(data, &o.value)
}

// Schema tells huma of the value.
func (optional[T]) Schema(registry huma.Registry) *huma.Schema {
	schema := registry.Schema(reflect.TypeFor[T](), true, "")
	schema.Nullable = true
	return schema
}

// assignTo puts the value into field, when there is one.
func (o *optional[T]) assignTo(field *T) {
	if o.set {
		*field = o.value
	}
}

package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
)

// formatTime is the format of texts that are times.
const formatTime = "date-time"

// validator compares JSON values with schemas: bodies and parameters. Its errors never
// contain what was sent, neither values nor unknown names.
type validator struct {
	schemas huma.Registry
	errs    []store.FieldError
}

func (v *validator) add(name, code, message string) {
	v.errs = append(v.errs, store.FieldError{Field: name, Code: code, Message: message})
}

// validate adds an error for everything that is wrong with the value of a field. An
// empty name stands for the whole body.
func (v *validator) validate(schema *huma.Schema, value any, name string) {
	if schema.Ref != "" {
		nullable := schema.Nullable
		if schema = v.schemas.SchemaFromRef(schema.Ref); value == nil && nullable {
			return
		}
	}
	if len(v.errs) >= maxFieldErrors || value == nil && schema.Nullable || len(schema.OneOf) > 0 {
		return
	}
	if !hasType(schema, value) {
		v.addTypeError(schema, value, name)
		return
	}
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			v.validate(schema.Items, item, fmt.Sprintf("%s[%d]", name, i))
		}
	case map[string]any:
		v.validateObject(schema, value, name)
	default:
		v.validateBounds(schema, value, name)
	}
}

func (v *validator) validateObject(schema *huma.Schema, object map[string]any, name string) {
	prefix := ""
	if name != "" {
		prefix = name + "."
	}
	for _, required := range slices.Sorted(slices.Values(schema.Required)) {
		if _, given := object[required]; !given {
			v.addRequired(prefix + required)
		}
	}
	if schema.Properties == nil {
		return
	}
	unknown := false
	for _, given := range slices.Sorted(maps.Keys(object)) {
		property, known := schema.Properties[given]
		if known {
			v.validate(property, object[given], prefix+given)
		}
		unknown = unknown || !known
	}
	if unknown {
		v.add(name, store.CodeUnknownField, "unknown field; known are "+sortedList(slices.Collect(maps.Keys(schema.Properties))))
	}
}

// hasType reports whether a value of [strictjson.Parse] has the type of the schema.
func hasType(schema *huma.Schema, value any) bool {
	switch value := value.(type) {
	case bool:
		return schema.Type == huma.TypeBoolean
	case json.Number:
		_, err := strconv.Atoi(value.String())
		return schema.Type == huma.TypeInteger && err == nil
	case string:
		if schema.Format == formatTime {
			_, err := time.Parse(time.RFC3339, value)
			return schema.Type == huma.TypeString && err == nil
		}
		return schema.Type == huma.TypeString
	case []any:
		return schema.Type == huma.TypeArray
	case map[string]any:
		return schema.Type == huma.TypeObject
	}
	return false
}

// validateBounds adds what is wrong with a single value of the right type.
func (v *validator) validateBounds(schema *huma.Schema, value any, name string) {
	switch value := value.(type) {
	case string:
		switch {
		case len(schema.Enum) > 0 && !slices.Contains(schema.Enum, any(value)):
			v.add(name, store.CodeOneOf, "choose one of "+joinEnum(schema.Enum))
		case schema.MaxLength != nil && utf8.RuneCountInString(value) > *schema.MaxLength:
			v.add(name, store.CodeMax, fmt.Sprintf("at most %d characters", *schema.MaxLength))
		}
	case json.Number:
		n, _ := value.Float64()
		switch {
		case schema.Minimum != nil && n < *schema.Minimum:
			v.add(name, store.CodeMin, fmt.Sprintf("the number must be at least %.0f", *schema.Minimum))
		case schema.Maximum != nil && n > *schema.Maximum:
			v.add(name, store.CodeMax, fmt.Sprintf("the number must be at most %.0f", *schema.Maximum))
		}
	}
}

func (v *validator) addRequired(name string) {
	v.add(name, store.CodeRequired, "this field is required")
}

// addTypeError says which type the schema has.
func (v *validator) addTypeError(schema *huma.Schema, value any, name string) {
	if _, isText := value.(string); isText && schema.Format == formatTime {
		v.add(name, store.CodeDateTime, "enter a time such as 2026-01-31T15:04:05Z")
		return
	}
	v.add(name, store.CodeType, map[string]string{
		huma.TypeBoolean: "the value must be true or false",
		huma.TypeInteger: "the value must be a whole number",
		huma.TypeString:  "the value must be a string",
		huma.TypeArray:   "the value must be a list",
		huma.TypeObject:  "the value must be an object",
	}[schema.Type])
}

func joinEnum(values []any) string {
	names := make([]string, len(values))
	for i, value := range values {
		names[i], _ = value.(string)
	}
	return strings.Join(names, ", ")
}

func sortedList(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

package api

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
)

// maxFieldErrors is the maximum number of fields that one response names.
const maxFieldErrors = 100

// formatTime is the format of texts that are times.
const formatTime = "date-time"

// validator compares a JSON value with a schema. Its errors never contain what was
// sent, neither values nor unknown names.
type validator struct {
	schemas huma.Registry
	errs    []fieldProblem
}

// validate adds an error for everything that is wrong with value.
func (v *validator) validate(schema *huma.Schema, value any, location string) {
	if schema.Ref != "" {
		nullable := schema.Nullable
		if schema = v.schemas.SchemaFromRef(schema.Ref); value == nil && nullable {
			return
		}
	}
	if len(v.errs) >= maxFieldErrors || value == nil && schema.Nullable || len(schema.OneOf) > 0 {
		return
	}
	switch {
	case !hasType(schema, value):
		v.errs = append(v.errs, typeProblem(schema, value, location))
	case schema.Type == huma.TypeArray:
		items, _ := value.([]any)
		for i, item := range items {
			v.validate(schema.Items, item, fmt.Sprintf("%s[%d]", location, i))
		}
	case schema.Type == huma.TypeObject:
		object, _ := value.(map[string]any)
		v.validateObject(schema, object, location)
	default:
		v.errs = append(v.errs, checkBounds(schema, value, location)...)
	}
}

func (v *validator) validateObject(schema *huma.Schema, object map[string]any, location string) {
	for _, name := range slices.Sorted(slices.Values(schema.Required)) {
		if _, given := object[name]; !given {
			v.errs = append(v.errs, requiredProblem(location+"."+name))
		}
	}
	if schema.Properties == nil {
		return
	}
	unknown := false
	for _, name := range slices.Sorted(maps.Keys(object)) {
		property, known := schema.Properties[name]
		if known {
			v.validate(property, object[name], location+"."+name)
		}
		unknown = unknown || !known
	}
	if unknown {
		names := slices.Collect(maps.Keys(schema.Properties))
		v.errs = append(v.errs, fieldProblem{location, "unknown_field", "unknown field; known are " + sortedList(names)})
	}
}

// hasType reports whether a value of [parseJSON] has the type of the schema.
func hasType(schema *huma.Schema, value any) bool {
	switch value := value.(type) {
	case bool:
		return schema.Type == huma.TypeBoolean
	case jsontext.Value:
		_, err := strconv.Atoi(string(value))
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

// checkBounds returns what is wrong with a single value of the right type.
func checkBounds(schema *huma.Schema, value any, location string) []fieldProblem {
	problem := func(code, message string) []fieldProblem { return []fieldProblem{{location, code, message}} }
	switch value := value.(type) {
	case string:
		switch {
		case len(schema.Enum) > 0 && !slices.Contains(schema.Enum, any(value)):
			return problem("oneof", "choose one of "+joinEnum(schema.Enum))
		case schema.MaxLength != nil && utf8.RuneCountInString(value) > *schema.MaxLength:
			return problem("max", fmt.Sprintf("at most %d characters", *schema.MaxLength))
		}
	case int:
		switch {
		case schema.Minimum != nil && float64(value) < *schema.Minimum:
			return problem("min", fmt.Sprintf("the number must be at least %.0f", *schema.Minimum))
		case schema.Maximum != nil && float64(value) > *schema.Maximum:
			return problem("max", fmt.Sprintf("the number must be at most %.0f", *schema.Maximum))
		}
	}
	return nil
}

func requiredProblem(location string) fieldProblem {
	return fieldProblem{location, "required", "this field is required"}
}

// typeProblem says which type the schema has.
func typeProblem(schema *huma.Schema, value any, location string) fieldProblem {
	if _, isText := value.(string); isText && schema.Format == formatTime {
		return fieldProblem{location, "date_time", "enter a time such as 2026-01-31T15:04:05Z"}
	}
	return fieldProblem{location, "type", map[string]string{
		huma.TypeBoolean: "the value must be true or false",
		huma.TypeInteger: "the value must be a whole number",
		huma.TypeString:  "the value must be a string",
		huma.TypeArray:   "the value must be a list",
		huma.TypeObject:  "the value must be an object",
	}[schema.Type]}
}

func sortedList(names []string) string {
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}

func joinEnum(values []any) string {
	names := make([]string, len(values))
	for i, value := range values {
		names[i], _ = value.(string)
	}
	return strings.Join(names, ", ")
}

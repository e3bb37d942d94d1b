package api

import (
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/field"
)

// schema returns the schema of the records that are shown.
func (e *endpoint[R]) schema() *huma.Schema {
	return e.api.document.schemaOf(reflect.TypeOf(e.View(resource.Result[R]{Record: e.New()})))
}

// newSchema adds the schema of a record to be created, and describes the fields
// where they are shown.
func (e *endpoint[R]) newSchema() *huma.Schema {
	schema := e.fieldsSchema(func(field.Meta) bool { return true })
	metas := e.Metas()
	for _, m := range metas {
		if m.Required {
			schema.Required = append(schema.Required, m.Name)
			schema.Properties[m.Name].Nullable = false
		}
	}
	inputs := e.Inputs
	if e.Secret != nil {
		inputs = append([]field.Meta{*e.Secret}, inputs...)
	}
	for _, m := range inputs {
		schema.Properties[m.Name] = schemaOfField(m)
	}
	e.api.document.addFields(e.noun, metas)
	return e.api.document.addSchema("New"+e.noun, schema)
}

// changesSchema adds the schema of a change of a record.
func (e *endpoint[R]) changesSchema() *huma.Schema {
	return e.api.document.addSchema(e.noun+"Changes", e.fieldsSchema(func(m field.Meta) bool { return !m.Immutable }))
}

// listSchema adds the schema of a page of records.
func (e *endpoint[R]) listSchema() *huma.Schema {
	items := &huma.Schema{Type: huma.TypeArray, Items: e.schema()}
	return e.api.document.addSchema("List"+e.noun, &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"items", "next"},
		Properties: map[string]*huma.Schema{"items": items, "next": {Type: huma.TypeString}},
	})
}

func (e *endpoint[R]) fieldsSchema(match func(field.Meta) bool) *huma.Schema {
	properties := map[string]*huma.Schema{}
	for _, m := range e.Metas() {
		if match(m) {
			properties[m.Name] = schemaOfField(m)
			properties[m.Name].Nullable = true
		}
	}
	for i := range e.objects {
		object := *e.objects[i].schema
		object.Description = e.api.document.text(e.noun, e.objects[i].name)
		properties[e.objects[i].name] = &object
	}
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: properties}
}

// schemaOfField returns the schema of a field. It leaves bounds and fixed values to
// the services, which report all errors together; describe names them.
func schemaOfField(m field.Meta) *huma.Schema {
	schema := &huma.Schema{Description: describe(m)}
	switch m.Kind {
	case field.KindBool:
		schema.Type = huma.TypeBoolean
	case field.KindInt:
		schema.Type = huma.TypeInteger
	case field.KindTime:
		schema.Type, schema.Format = huma.TypeString, formatTime
	case field.KindList:
		schema.Type, schema.Items = huma.TypeArray, &huma.Schema{Type: huma.TypeString}
	case field.KindText:
		schema.Type = huma.TypeString
	}
	return schema
}

// describe returns the help of a field and the bounds of its rule.
func describe(m field.Meta) string {
	text := m.Help
	if text == "" {
		text = m.Label + "."
	}
	switch {
	case m.Kind == field.KindInt && m.Min+m.Max > 0:
		text += fmt.Sprintf(" %d to %d.", m.Min, m.Max)
	case m.Kind == field.KindText && m.Max > 0:
		text += fmt.Sprintf(" At most %d characters.", m.Max)
	case m.Kind == field.KindList && m.Max > 0:
		text += fmt.Sprintf(" At most %d entries.", m.Max)
	}
	return text
}

package api

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-ini/ini"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// The ways to authenticate.
const (
	schemeBearer = "bearer"
	schemeCookie = "cookie"
)

const schemaPrefix = "#/components/schemas/"

var (
	//go:embed document.ini
	documentTexts []byte
	//go:embed examples.json
	documentExamples []byte
)

// document is the OpenAPI document while operations are added.
type document struct {
	*huma.OpenAPI

	texts *ini.File
	// examples are requests and responses by the name of their schema. The ID of an
	// operation has what differs in its response, and ID.request replaces a request.
	examples map[string]map[string]any
	// fields are the descriptions of the fields of records, by the name of the schema.
	fields map[string]map[string]string
}

// newDocument returns the document without operations.
func newDocument(sessionCookie string) *document {
	d := &document{fields: map[string]map[string]string{}}
	var err error
	d.texts, err = ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, KeyValueDelimiters: "="}, documentTexts)
	if err != nil {
		panic(fmt.Sprintf("api: document.ini: %v", err))
	}
	if err := json.Unmarshal(documentExamples, &d.examples); err != nil {
		panic(fmt.Sprintf("api: examples.json: %v", err))
	}
	registry := huma.NewMapRegistry(schemaPrefix, d.schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[manager.Privileges](), reflect.TypeFor[[]className]())
	registry.RegisterTypeAlias(reflect.TypeFor[permission.Value](), reflect.TypeFor[permissionValue]())
	d.OpenAPI = &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "pbxusers", Version: "1", Description: d.text("document", "description"),
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		},
		Servers: []*huma.Server{{URL: prefix}},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				schemeBearer: {Type: "http", Scheme: "bearer", Description: "The token of POST /sessions, for programs."},
				schemeCookie: {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "The session cookie of the pages."},
			},
		},
	}
	for _, tag := range d.texts.Section("tags").Keys() {
		d.Tags = append(d.Tags, &huma.Tag{Name: tag.Name(), Description: tag.String()})
	}
	return d
}

// text returns a text of document.ini; "" when there is none.
func (d *document) text(section, key string) string {
	return d.texts.Section(section).Key(key).String()
}

// example returns the example of a schema, or of a list of it, with changes (a merge
// patch, RFC 7396). Required fields that examples.json omits are empty.
func (d *document) example(schema *huma.Schema, changes map[string]any) map[string]any {
	name := strings.TrimPrefix(schema.Ref, schemaPrefix)
	schema = d.Components.Schemas.Map()[name]
	if d.examples[name] == nil && strings.HasPrefix(name, "List") {
		return map[string]any{"items": []any{d.example(schema.Properties["items"].Items, nil)}, "next": ""}
	}
	example := map[string]any{}
	for _, field := range schema.Required {
		example[field] = map[string]any{
			huma.TypeString: "", huma.TypeBoolean: false, huma.TypeInteger: 0, huma.TypeArray: []any{}, huma.TypeObject: map[string]any{},
		}[schema.Properties[field].Type]
	}
	maps.Copy(example, d.examples[name])
	for field, value := range changes {
		example[field] = value
		if value == nil {
			delete(example, field)
		}
	}
	return example
}

// schemaFor returns the schema of a Go type, which may be a reference.
func schemaFor[T any](d *document) *huma.Schema { return d.schemaOf(reflect.TypeFor[T]()) }

func (d *document) schemaOf(t reflect.Type) *huma.Schema {
	return d.Components.Schemas.Schema(t, true, "")
}

// addSchema adds a schema of that name, and returns a reference to it.
func (d *document) addSchema(name string, schema *huma.Schema) *huma.Schema {
	d.Components.Schemas.Map()[name] = schema
	return &huma.Schema{Ref: schemaPrefix + name}
}

// schemaName names the schema of a type: the name of the type without "View", unless
// document.ini has another one.
func (d *document) schemaName(t reflect.Type, hint string) string {
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if strings.HasSuffix(t.PkgPath(), "/audit") {
		return "Audit" + name
	}
	return cmp.Or(d.text("schemas", t.String()), name)
}

// handler serves the document. It is encoded once, at the first request.
func (d *document) handler() http.Handler {
	for name, schema := range d.Components.Schemas.Map() {
		d.describeFields(name, schema)
	}
	encode := sync.OnceValue(func() []byte {
		encoded, err := json.Marshal(d.OpenAPI)
		if err != nil {
			panic(fmt.Sprintf("api: the OpenAPI document: %v", err))
		}
		return encoded
	})
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write(encode())
	})
}

// addFields describes the fields of a record where they are shown.
func (d *document) addFields(schema string, metas []field.Meta) {
	d.fields[schema] = map[string]string{}
	for _, m := range metas {
		d.fields[schema][m.Name] = describe(m)
	}
}

// describeFields adds to a schema what its type does not say.
func (d *document) describeFields(name string, schema *huma.Schema) {
	for field, property := range schema.Properties {
		property.Description = cmp.Or(d.text(name, field), d.fields[name][field], property.Description, d.text(ini.DefaultSection, field))
		if !isRequest(name) {
			// Lists in responses are empty, never null.
			property.Nullable = property.Nullable && property.Type != huma.TypeArray
		}
	}
}

// isRequest reports whether a schema is that of a request body.
func isRequest(name string) bool {
	return strings.HasPrefix(name, "New") || strings.HasSuffix(name, "Changes")
}

// className is the name of a privilege class.
type className string

// Schema returns the schema of a class.
func (className) Schema(huma.Registry) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, class := range manager.Classes() {
		schema.Enum = append(schema.Enum, class.Name)
	}
	return schema
}

// problemResponse describes the responses with a problem of that status.
func (d *document) problemResponse(status int) *huma.Response {
	code, text, _ := strings.Cut(d.text("problems", strconv.Itoa(status)), ": ")
	return &huma.Response{
		Description: text,
		Content:     map[string]*huma.MediaType{problemType: {Schema: schemaFor[problem](d), Example: newProblem(status, code, text)}},
	}
}

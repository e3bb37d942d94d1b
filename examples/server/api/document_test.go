package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-ini/ini"
	"github.com/stretchr/testify/require"
)

// document is the OpenAPI document, as far as the tests look at it.
type document struct {
	OpenAPI    string                           `json:"openapi"`
	Info       map[string]any                   `json:"info"`
	Servers    []map[string]string              `json:"servers"`
	Tags       []map[string]string              `json:"tags"`
	Paths      map[string]map[string]*operation `json:"paths"`
	Components struct {
		Schemas         map[string]*schema `json:"schemas"`
		SecuritySchemes map[string]any     `json:"securitySchemes"`
	} `json:"components"`
}

type operation struct {
	OperationID string                `json:"operationId"`
	Summary     string                `json:"summary"`
	Tags        []string              `json:"tags"`
	Parameters  []parameter           `json:"parameters"`
	RequestBody *payload              `json:"requestBody"`
	Responses   map[string]*payload   `json:"responses"`
	Security    []map[string][]string `json:"security"`
}

type parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description"`
	Required    bool    `json:"required"`
	Schema      *schema `json:"schema"`
}

// payload is the body of a request or of an answer.
type payload struct {
	Description string            `json:"description"`
	Required    bool              `json:"required"`
	Content     map[string]*media `json:"content"`
}

type media struct {
	Schema  *schema `json:"schema"`
	Example any     `json:"example"`
}

// schema is a JSON schema, with the words that the document uses.
type schema struct {
	Ref                  string                `json:"$ref"`
	Type                 any                   `json:"type"`
	Description          string                `json:"description"`
	Enum                 []any                 `json:"enum"`
	Items                *schema               `json:"items"`
	Properties           map[string]*schema    `json:"properties"`
	Required             []string              `json:"required"`
	AdditionalProperties *additionalProperties `json:"additionalProperties"`
	OneOf                []*schema             `json:"oneOf"`
}

// additionalProperties are the properties of an object that its schema does not name.
type additionalProperties struct {
	none   bool
	schema *schema
}

// UnmarshalJSON reads true, false or a schema.
func (o *additionalProperties) UnmarshalJSON(text []byte) error {
	if o.none = string(text) == "false"; o.none || string(text) == "true" {
		return nil
	}
	return json.Unmarshal(text, &o.schema)
}

func readDocument(t *testing.T, h *harness) *document {
	t.Helper()
	answer := h.anonymous(t).call(t, http.MethodGet, "/openapi.json", nil).requireStatus(t, http.StatusOK)
	d := &document{}
	require.NoError(t, json.Unmarshal([]byte(answer.body), d))
	return d
}

// eachOperation calls visit for every operation, in order.
func (d *document) eachOperation(visit func(method, path string, op *operation)) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			visit(strings.ToUpper(method), path, d.Paths[path][method])
		}
	}
}

// resolve follows references, which must all lead somewhere.
func (d *document) resolve(t testing.TB, s *schema) *schema {
	t.Helper()
	for s.Ref != "" {
		name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/")
		require.True(t, ok, s.Ref)
		require.Contains(t, d.Components.Schemas, name)
		s = d.Components.Schemas[name]
	}
	return s
}

// validate returns where value is not what the schema says.
func (d *document) validate(t testing.TB, s *schema, value any, place string) (problems []string) {
	t.Helper()
	s = d.resolve(t, s)
	if len(s.OneOf) > 0 {
		return d.validateOneOf(t, s.OneOf, value, place)
	}
	types, _ := s.Type.([]any)
	if one, ok := s.Type.(string); ok {
		types = []any{one}
	}
	kind := jsonTypeOf(value)
	if types != nil && !slices.Contains(types, any(kind)) && (kind != "integer" || !slices.Contains(types, any("number"))) {
		return []string{place + " is of type " + kind}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		problems = append(problems, place+" is none of the enum")
	}
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			problems = append(problems, d.validate(t, s.Items, item, place+"[]")...)
		}
	case map[string]any:
		problems = append(problems, d.validateObject(t, s, value, place)...)
	}
	return problems
}

func (d *document) validateOneOf(t testing.TB, choices []*schema, value any, place string) []string {
	t.Helper()
	fitting := 0
	for _, choice := range choices {
		if len(d.validate(t, choice, value, place)) == 0 {
			fitting++
		}
	}
	if fitting != 1 {
		return []string{fmt.Sprintf("%s is %d of the forms", place, fitting)}
	}
	return nil
}

func (d *document) validateObject(t testing.TB, s *schema, object map[string]any, place string) (problems []string) {
	t.Helper()
	for _, name := range s.Required {
		if _, ok := object[name]; !ok {
			problems = append(problems, place+"."+name+" is missing")
		}
	}
	for name, value := range object {
		property := s.Properties[name]
		if property == nil && s.AdditionalProperties != nil {
			if s.AdditionalProperties.none {
				problems = append(problems, place+"."+name+" is unknown")
			}
			property = s.AdditionalProperties.schema
		}
		if property == nil {
			continue
		}
		problems = append(problems, d.validate(t, property, value, place+"."+name)...)
	}
	return problems
}

func jsonTypeOf(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case float64:
		if value == float64(int64(value)) {
			return "integer"
		}
	}
	return "number"
}

func TestAPI_openAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	d := readDocument(t, start(t))
	require.Regexp(t, `^3\.1\.\d+$`, d.OpenAPI)
	require.NotEmpty(t, d.Info["title"])
	require.NotEmpty(t, d.Info["version"])
	require.Equal(t, "/api/v1", d.Servers[0]["url"])
	tags, ids := map[string]bool{}, map[string]bool{}
	for _, tag := range d.Tags {
		require.NotEmpty(t, tag["description"])
		tags[tag["name"]] = true
	}
	braces := regexp.MustCompile(`\{(\w+)\}`)
	d.eachOperation(func(_, path string, op *operation) {
		require.True(t, strings.HasPrefix(path, "/"), path)
		require.NotEmpty(t, op.OperationID, path)
		require.False(t, ids[op.OperationID], "%s stands twice", op.OperationID)
		ids[op.OperationID] = true
		require.NotEmpty(t, op.Summary, op.OperationID)
		require.Len(t, op.Tags, 1, op.OperationID)
		require.True(t, tags[op.Tags[0]], op.OperationID)
		var inPath []string
		for _, p := range op.Parameters {
			require.Contains(t, []string{"path", "query", "header"}, p.In)
			require.NotEmpty(t, p.Description, "%s: %s", op.OperationID, p.Name)
			require.NotNil(t, p.Schema)
			if p.In == "path" {
				require.True(t, p.Required)
				inPath = append(inPath, "{"+p.Name+"}")
			}
		}
		require.ElementsMatch(t, braces.FindAllString(path, -1), inPath, op.OperationID)
		for _, requirement := range op.Security {
			for scheme := range requirement {
				require.Contains(t, d.Components.SecuritySchemes, scheme)
			}
		}
	})
	require.Greater(t, len(ids), 80)
}

func TestAPI_operationsRequireAuthentication(t *testing.T) {
	t.Parallel()
	h := start(t)
	anonymous := h.anonymous(t)
	readDocument(t, h).eachOperation(func(method, path string, op *operation) {
		if op.OperationID == "createSession" {
			require.Empty(t, op.Security)
			return
		}
		require.Equal(t, []map[string][]string{{"bearer": {}}, {"cookie": {}}}, op.Security, op.OperationID)
		rejected := anonymous.call(t, method, fillPath(path), "}garbage")
		rejected.requireStatus(t, http.StatusUnauthorized)
		require.Equal(t, "Bearer", rejected.Header.Get("WWW-Authenticate"))
		require.Equal(t, "login_required", rejected.problem(t).Code)
	})
}

// takesPicture reports whether the body is a picture.
func (op *operation) takesPicture() bool {
	return op.RequestBody != nil && op.RequestBody.Content["image/jpeg"] != nil
}

// fillPath puts names into a path.
func fillPath(path string) string {
	return strings.NewReplacer("{username}", "somebody", "{name}", "something", "{id}", "anything", "{kind}", "welcome").Replace(path)
}

func TestAPI_examplesMatchSchemas(t *testing.T) {
	t.Parallel()
	d := readDocument(t, start(t))
	d.eachOperation(func(_, _ string, op *operation) {
		if op.RequestBody != nil && !op.takesPicture() {
			body := op.RequestBody.Content["application/json"]
			require.NotNil(t, body, op.OperationID)
			require.NotNil(t, body.Example, op.OperationID)
			require.Empty(t, d.validate(t, body.Schema, body.Example, "body"), op.OperationID)
		}
		succeeds := false
		for status, response := range op.Responses {
			require.NotEmpty(t, response.Description, "%s: %s", op.OperationID, status)
			for kind, content := range response.Content {
				require.NotNil(t, content.Schema, "%s: %s", op.OperationID, status)
				if kind == "image/jpeg" {
					continue
				}
				require.NotNil(t, content.Example, "%s: %s", op.OperationID, status)
				require.Empty(t, d.validate(t, content.Schema, content.Example, "body"), "%s: %s", op.OperationID, status)
				require.Equal(t, status >= "400", kind == "application/problem+json", "%s: %s", op.OperationID, status)
			}
			succeeds = succeeds || status < "300"
			require.NotEqual(t, "default", status)
		}
		require.True(t, succeeds, op.OperationID)
		for _, status := range []string{"422", "500"} {
			require.Contains(t, op.Responses, status, op.OperationID)
		}
	})
}

// TestDocument_textsHaveOperationOrSchema requires that each text and each example is
// in the document.
func TestDocument_textsHaveOperationOrSchema(t *testing.T) {
	t.Parallel()
	d := readDocument(t, start(t))
	known := map[string]bool{ini.DefaultSection: true, "document": true, "schemas": true, "tags": true, "parameters": true, "problems": true}
	parameters := map[string]bool{}
	d.eachOperation(func(_, _ string, op *operation) {
		known[op.OperationID], known[op.OperationID+".request"] = true, true
		for _, p := range op.Parameters {
			parameters[p.Name] = true
			require.NotEmpty(t, p.Description, "%s: %s", op.OperationID, p.Name)
		}
	})
	for name := range d.Components.Schemas {
		known[name] = true
	}
	texts, err := ini.LoadSources(ini.LoadOptions{IgnoreInlineComment: true, KeyValueDelimiters: "="}, "document.ini")
	require.NoError(t, err)
	for _, section := range texts.Sections() {
		require.True(t, known[section.Name()], "document.ini: [%s]", section.Name())
		for _, key := range section.Keys() {
			if s := d.Components.Schemas[section.Name()]; s != nil {
				require.Contains(t, s.Properties, key.Name(), "document.ini: [%s]", section.Name())
			}
		}
	}
	for _, parameter := range texts.Section("parameters").Keys() {
		require.True(t, parameters[parameter.Name()], "document.ini: [parameters] %s", parameter.Name())
	}
	for _, renamed := range texts.Section("schemas").Keys() {
		require.Contains(t, d.Components.Schemas, renamed.String(), "document.ini: [schemas] %s", renamed.Name())
	}
	file, err := os.ReadFile("examples.json")
	require.NoError(t, err)
	var examples map[string]any
	require.NoError(t, json.Unmarshal(file, &examples))
	for name := range examples {
		require.True(t, known[name], "examples.json: %s", name)
	}
}

func TestAPI_schemaFieldsAreDescribed(t *testing.T) {
	t.Parallel()
	d := readDocument(t, start(t))
	for name, s := range d.Components.Schemas {
		require.Equal(t, "object", s.Type, name)
		require.True(t, s.AdditionalProperties.none, name)
		for field, property := range s.Properties {
			require.NotEmpty(t, property.Description, "%s.%s", name, field)
			d.resolve(t, property)
			if property.Items != nil {
				d.resolve(t, property.Items)
			}
		}
	}
	require.NotContains(t, d.Components.Schemas, "ErrorModel")
}

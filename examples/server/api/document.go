package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// The ways in which a visitor proves to be logged in.
const (
	schemeBearer = "bearer"
	schemeCookie = "cookie"
)

const schemaPrefix = "#/components/schemas/"

// config returns what huma is to do, and that it is not to add pages, links
// and schemas of its own.
func (a *api) config() huma.Config {
	format := huma.Format{Marshal: marshal, Unmarshal: json.Unmarshal}
	registry := huma.NewMapRegistry(schemaPrefix, schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[manager.Privileges](), reflect.TypeFor[[]className]())
	registry.RegisterTypeAlias(reflect.TypeFor[permission.Value](), reflect.TypeFor[permissionValue]())
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    documentInfo(),
			Tags:    documentTags(),
			Components: &huma.Components{
				Schemas: registry,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					schemeBearer: {Type: "http", Scheme: "bearer", Description: "The token of POST /sessions, for programs."},
					schemeCookie: {Type: "apiKey", In: "cookie", Name: access.CookieName, Description: "The cookie of somebody who logged in to the pages."},
				},
			},
		},
		// "json" is that of all types that end in +json.
		Formats:       map[string]huma.Format{jsonType: format, "json": format},
		DefaultFormat: jsonType,
		Transformers:  []huma.Transformer{a.translateError},

		RejectUnknownQueryParameters: true,
	}
}

func marshal(w io.Writer, value any) error { return json.NewEncoder(w).Encode(value) }

func documentInfo() *huma.Info {
	return &huma.Info{
		Title:   "pbxusers",
		Version: "1",
		License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
		Description: "The people and the administrators of a PBX, and the AMI accounts with which programs talk to its Asterisk.\n\n" +
			"Log in with POST /sessions and send the token as `Authorization: Bearer TOKEN`. " +
			"A change of an AMI account reaches Asterisk with POST /config/apply.\n\n" +
			"Errors are problems (RFC 9457); `code` and `errors[].code` are for programs. " +
			"Lists are read page by page: pass `next` as `after`, until it is empty. " +
			"Records have an ETag: send it as If-Match with a change, and the change is refused when somebody else was faster.",
	}
}

func documentTags() []*huma.Tag {
	return []*huma.Tag{
		{Name: tagSession, Description: "Logging in and out."},
		{Name: tagAccount, Description: "One's own password and second factor."},
		{Name: tagAdministrators, Description: "Who may log in, and to what."},
		{Name: tagAMIAccounts, Description: "AMI accounts, with which programs talk to Asterisk."},
		{Name: tagUsers, Description: "The people of the PBX: who they are, which extensions are theirs, what they may do."},
		{Name: tagTokens, Description: "API tokens, with which programs act for people."},
		{Name: tagGroups, Description: "Groups of people, and what they permit."},
		{Name: tagDirectories, Description: "Directories that people come from, such as LDAP."},
		{Name: tagVerify, Description: "For services: whether a person's password, token or telephone lets them in."},
		{Name: tagConfiguration, Description: "Bringing the records to Asterisk."},
		{Name: tagAudit, Description: "Who did what, when and from where."},
		{Name: tagSettings, Description: "How the server reaches Asterisk, and what administrators can be given."},
	}
}

// schemaName names the schema of a type. What is shown of a record is that
// record to those who ask, and some packages have names that others have too.
func schemaName(t reflect.Type, hint string) string {
	name := strings.Replace(huma.DefaultSchemaNamer(t, hint), "Shown", "", 1)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case strings.HasSuffix(t.PkgPath(), "/audit"):
		return "Audit" + name
	case t == reflect.TypeFor[permission.Explanation]():
		return "PermissionExplanation"
	case t == reflect.TypeFor[jobs.State]():
		return "Job"
	}
	return name
}

// document returns what serves the OpenAPI document. It is made once, when all
// operations are registered; what cannot be made is a mistake in the program.
func (a *api) document() http.Handler {
	described := a.huma.OpenAPI()
	schemas := described.Components.Schemas.Map()
	// huma registers the error that it would use, and that we reword.
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	for name, schema := range schemas {
		describeFields(name, schema)
	}
	encoded, err := json.Marshal(described)
	if err != nil {
		panic(fmt.Sprintf("api: the OpenAPI document: %v", err))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		_, _ = w.Write(encoded)
	})
}

// describeFields adds to a schema what the type cannot say.
func describeFields(name string, schema *huma.Schema) {
	for field, property := range schema.Properties {
		if text, ok := schemaDocs[name][field]; ok {
			property.Description = text
		}
		if !isRequest(name) {
			// Lists that we send are empty, never null.
			property.Nullable = property.Nullable && property.Type != huma.TypeArray
		}
	}
}

// isRequest reports whether a schema is that of a body that we read.
func isRequest(name string) bool {
	return strings.HasPrefix(name, "New") || strings.HasSuffix(name, "Changes")
}

// className is the name of a privilege class.
type className string

// Schema tells huma of the classes.
func (className) Schema(huma.Registry) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, class := range manager.Classes() {
		schema.Enum = append(schema.Enum, class.Name)
	}
	return schema
}

// problemDocs say when each problem is answered.
var problemDocs = map[int]string{
	http.StatusBadRequest:            "The request cannot be read: no JSON, no UTF-8, a field or parameter twice.",
	http.StatusUnauthorized:          "Nobody is logged in, or the login was refused; the code says why.",
	http.StatusForbidden:             "The visitor may not do this.",
	http.StatusNotFound:              "There is no such record.",
	http.StatusRequestTimeout:        "The body took too long to arrive.",
	http.StatusConflict:              "The name is taken, something else is at work, or the record is still needed.",
	http.StatusPreconditionFailed:    "The record is not the one of If-Match any more: read it again.",
	http.StatusRequestEntityTooLarge: "The body is larger than 1 MiB, or a picture than 5 MiB.",
	http.StatusUnsupportedMediaType:  "The body is not application/json, or a picture of none of the types that are taken.",
	http.StatusUnprocessableEntity:   "Fields or parameters were refused; errors lists them.",
	http.StatusTooManyRequests:       "There were too many tries; Retry-After says how many seconds to wait.",
	http.StatusInternalServerError:   "The server failed; its log says more.",
	http.StatusBadGateway:            "Asterisk did not take it; the detail says how things stand and what to do.",
	http.StatusServiceUnavailable:    "The server has too much to do; Retry-After says how many seconds to wait.",
}

// problemResponse describes the answer with a problem of that status.
func (a *api) problemResponse(status int) *huma.Response {
	example := newProblem(status, "", problemDocs[status])
	example.Code = map[int]string{
		http.StatusBadRequest: "invalid", http.StatusUnauthorized: "login_required", http.StatusForbidden: "forbidden",
		http.StatusNotFound: "not_found", http.StatusRequestTimeout: "timeout", http.StatusConflict: "conflict",
		http.StatusPreconditionFailed: "stale", http.StatusRequestEntityTooLarge: "too_large",
		http.StatusUnsupportedMediaType: "content_type", http.StatusUnprocessableEntity: "invalid",
		http.StatusTooManyRequests: "throttled", http.StatusInternalServerError: "internal", http.StatusBadGateway: "apply_failed",
		http.StatusServiceUnavailable: "busy",
	}[status]
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "")
	return &huma.Response{
		Description: problemDocs[status],
		Content:     map[string]*huma.MediaType{problemType: {Schema: schema, Example: example}},
	}
}

package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/examples/server/jobs"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// The ways to authenticate.
const (
	schemeBearer = "bearer"
	schemeCookie = "cookie"
)

// newDocument returns the document without operations.
func newDocument() *huma.OpenAPI {
	registry := huma.NewMapRegistry(schemaPrefix, schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[manager.Privileges](), reflect.TypeFor[[]className]())
	registry.RegisterTypeAlias(reflect.TypeFor[permission.Value](), reflect.TypeFor[permissionValue]())
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:   "pbxusers",
			Version: "1",
			License: &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"},
			Description: "The users and administrators of a PBX, and the AMI accounts that programs use to talk to Asterisk.\n\n" +
				"Log in with POST /sessions and send the token as `Authorization: Bearer TOKEN`. " +
				"Changes of AMI accounts reach Asterisk with POST /config/apply.\n\n" +
				"Errors are problems (RFC 9457); `code` and `errors[].code` are for programs. " +
				"Lists are paged: pass `next` as `after` until it is empty. " +
				"Records have an ETag. Send it as If-Match with a change to reject the change if the record has changed since.",
		},
		Servers: []*huma.Server{{URL: prefix}},
		Tags:    documentTags(),
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				schemeBearer: {Type: "http", Scheme: "bearer", Description: "The token of POST /sessions, for programs."},
				schemeCookie: {Type: "apiKey", In: "cookie", Name: access.CookieName, Description: "The session cookie of the pages."},
			},
		},
	}
}

func documentTags() []*huma.Tag {
	return []*huma.Tag{
		{Name: tagSession, Description: "Log in and out."},
		{Name: tagAccount, Description: "Your own password and second factor."},
		{Name: tagAdministrators, Description: "Administrators and what they can access."},
		{Name: tagAMIAccounts, Description: "AMI accounts, which programs use to talk to Asterisk."},
		{Name: tagUsers, Description: "The users of the PBX, their extensions and their permissions."},
		{Name: tagTokens, Description: "API tokens, which programs use to act for a user."},
		{Name: tagGroups, Description: "Groups of users and their permissions."},
		{Name: tagDirectories, Description: "Directories that users come from, such as LDAP."},
		{Name: tagVerify, Description: "For services: check a user's password, token or phone."},
		{Name: tagConfiguration, Description: "Apply the records to Asterisk."},
		{Name: tagAudit, Description: "The audit log."},
		{Name: tagSettings, Description: "The connection to Asterisk, and the sections of administrators."},
	}
}

// schemaName names the schema of a type: the name of the type without "View". Names
// that occur in two packages are qualified.
func schemaName(t reflect.Type, hint string) string {
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
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
	case t == reflect.TypeFor[shownRun]():
		return "Run"
	}
	return name
}

// document returns a handler that serves the document. It is encoded once, at the
// first request.
func (a *api) document() http.Handler {
	for name, schema := range a.openapi.Components.Schemas.Map() {
		a.describeFields(name, schema)
	}
	encode := sync.OnceValue(func() []byte {
		encoded, err := json.Marshal(a.openapi)
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

// describeFields adds to a schema what its type does not say.
func (a *api) describeFields(name string, schema *huma.Schema) {
	for field, property := range schema.Properties {
		if text := a.docs[name][field]; text != "" {
			property.Description = text
		}
		if property.Description == "" {
			property.Description = commonDocs[field]
		}
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

// problemDoc is the code and the description of the problems of one status.
type problemDoc struct{ code, text string }

func problemDocOf(status int) problemDoc {
	return map[int]problemDoc{
		http.StatusBadRequest:            {"invalid", "The request is malformed: not JSON, not UTF-8, or a field or parameter occurs twice."},
		http.StatusUnauthorized:          {"login_required", "Not logged in, or the login failed; see code."},
		http.StatusForbidden:             {"forbidden", "The administrator is not allowed to do this."},
		http.StatusNotFound:              {"not_found", "There is no such record."},
		http.StatusRequestTimeout:        {"timeout", "The body took too long to arrive."},
		http.StatusConflict:              {"conflict", "The records do not allow this now; the detail says why."},
		http.StatusPreconditionFailed:    {"precondition_failed", "The record has changed since the ETag of If-Match."},
		http.StatusRequestEntityTooLarge: {"too_large", "The body is larger than 1 MiB, or a picture than 5 MiB."},
		http.StatusUnsupportedMediaType:  {"content_type", "The body has the wrong media type."},
		http.StatusUnprocessableEntity:   {"invalid", "Fields or parameters are invalid; see errors."},
		http.StatusTooManyRequests:       {"rate_limited", "Too many attempts; see Retry-After."},
		http.StatusInternalServerError:   {"internal", "Internal error; see the log of the server."},
		http.StatusBadGateway:            {"apply_failed", "Asterisk did not accept the configuration, or cannot be reached; the detail describes the state."},
		http.StatusServiceUnavailable:    {"busy", "Too much is running; see Retry-After."},
	}[status]
}

// problemResponse describes the responses with a problem of that status.
func (a *api) problemResponse(status int) *huma.Response {
	doc := problemDocOf(status)
	return &huma.Response{
		Description: doc.text,
		Content: map[string]*huma.MediaType{problemType: {
			Schema: a.schemaOf(reflect.TypeFor[problem]()), Example: newProblem(status, doc.code, doc.text),
		}},
	}
}

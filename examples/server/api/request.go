package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// request is what a handler works with. Its parameters and its body are valid.
type request struct {
	// params are the values that were given: text, bool, int or time.Time.
	params map[string]any
	// raw is the body, and body the JSON value of it; see [parseJSON].
	raw  []byte
	body any
}

// text returns a parameter; "" when it was not given.
func (r *request) text(name string) string {
	text, _ := r.params[name].(string)
	return text
}

// flag returns a boolean parameter.
func (r *request) flag(name string) bool {
	on, _ := r.params[name].(bool)
	return on
}

func (r *request) time(name string) time.Time {
	t, _ := r.params[name].(time.Time)
	return t
}

// page returns the part of a list that is requested.
func (r *request) page() store.PageRequest {
	limit, _ := r.params["limit"].(int)
	return store.PageRequest{After: r.text("after"), Limit: limit}
}

// filter returns the value of a filter; false when it was not given.
func (r *request) filter(name string) (field.Value, bool) {
	switch value := r.params[name].(type) {
	case string:
		return field.TextValue(value), true
	case bool:
		return field.BoolValue(value), true
	}
	return field.Value{}, false
}

// decodeBody returns the body as a T; nil when it was omitted.
func decodeBody[T any](r *request) (*T, error) {
	if len(r.raw) == 0 {
		return nil, nil
	}
	body := new(T)
	if err := json.Unmarshal(r.raw, body); err != nil {
		return nil, newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "type", "a value is not of the type that its field takes"})
	}
	return body, nil
}

// readRequest reads and validates a request. Errors of parameters and of the body
// are reported together.
func (a *api) readRequest(op *operation, w http.ResponseWriter, r *http.Request) (*request, error) {
	req := &request{params: map[string]any{}}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := req.readBody(op, w, r); err != nil {
			return nil, err
		}
	}
	if unknown := unknownParameters(op, r); len(unknown) > 0 {
		return nil, newInvalidProblem(http.StatusUnprocessableEntity, unknown...)
	}
	var errs []fieldProblem
	for _, p := range op.params {
		errs = append(errs, req.readParam(p, r)...)
	}
	if len(req.raw) > 0 && op.body != nil {
		v := validator{schemas: a.openapi.Components.Schemas}
		v.validate(op.body, req.body, "body")
		errs = append(errs, v.errs...)
	}
	if len(errs) > 0 {
		return nil, newInvalidProblem(http.StatusUnprocessableEntity, errs[:min(len(errs), maxFieldErrors)]...)
	}
	return req, nil
}

func unknownParameters(op *operation, r *http.Request) []fieldProblem {
	var errs []fieldProblem
	known := map[string]bool{}
	var names []string
	for _, p := range op.params {
		if p.In == "query" {
			known[p.Name] = true
			names = append(names, p.Name)
		}
	}
	message := "unknown parameter; this operation has none"
	if len(names) > 0 {
		message = "unknown parameter; known are " + sortedList(names)
	}
	for name := range r.URL.Query() {
		if !known[name] {
			errs = append(errs, fieldProblem{"query", "unknown_parameter", message})
		}
	}
	return errs
}

// readParam reads a parameter. An empty one counts as not given.
func (r *request) readParam(p *huma.Param, from *http.Request) []fieldProblem {
	var text string
	switch p.In {
	case "path":
		text = from.PathValue(p.Name)
	case "query":
		text = from.URL.Query().Get(p.Name)
	case "header":
		text = strings.Join(from.Header.Values(p.Name), ", ")
	}
	location := p.In + "." + p.Name
	if text == "" {
		if p.Required && p.In != "path" {
			return []fieldProblem{requiredProblem(location)}
		}
		return nil
	}
	value, ok := parseParam(p.Schema, text)
	if !ok {
		return []fieldProblem{typeProblem(p.Schema, text, location)}
	}
	r.params[p.Name] = value
	return checkBounds(p.Schema, value, location)
}

// parseParam reads the text of a parameter as its schema says.
func parseParam(schema *huma.Schema, text string) (any, bool) {
	switch {
	case schema.Type == huma.TypeBoolean:
		on, err := strconv.ParseBool(text)
		return on, err == nil
	case schema.Type == huma.TypeInteger:
		n, err := strconv.Atoi(text)
		return n, err == nil
	case schema.Format == formatTime:
		t, err := time.Parse(time.RFC3339, text)
		return t, err == nil
	}
	return text, true
}

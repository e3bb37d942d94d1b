package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// maxFieldErrors is how many fields an answer speaks of.
const maxFieldErrors = 100

// translateError turns the errors of huma into problems of ours: its own repeat the
// values that were submitted, a password or the whole body included.
func (a *api) translateError(ctx huma.Context, _ string, body any) (any, error) {
	found, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	p := newProblem(found.Status, "invalid", "the request was refused; nothing was changed")
	if found.Status >= http.StatusInternalServerError {
		a.log.ErrorContext(ctx.Context(), "a request failed", "operation", ctx.Operation().OperationID)
		return newProblem(found.Status, "internal", "the server failed; its log says more"), nil
	}
	for _, detail := range found.Errors {
		if len(p.Errors) == maxFieldErrors {
			break
		}
		if detail != nil {
			p.Errors = append(p.Errors, a.translateDetail(ctx.Operation(), detail))
		}
	}
	return p, nil
}

// translations are the messages of huma that we know, by how they begin. None of
// them holds a value.
var translations = []struct{ begin, code, message string }{
	{"required ", "required", "this must be given"},
	{"expected boolean", "type", "write true or false"},
	{"invalid boolean", "type", "write true or false"},
	{"expected integer", "type", "write a whole number"},
	{"invalid integer", "type", "write a whole number"},
	{"expected string to be RFC 3339 date-time", "date_time", "write a time such as 2026-01-31T15:04:05Z"},
	{"invalid date/time", "date_time", "write a time such as 2026-01-31T15:04:05Z"},
	{"expected string", "type", "write a text in quotes"},
	{"expected array", "type", "write a list"},
	{"expected object", "type", "write an object"},
	{"expected value to be one of", "oneof", ""},
	{"expected number >=", "min", ""},
	{"expected number <=", "max", ""},
	{"expected length >=", "min", ""},
	{"expected length <=", "max", ""},
}

// translateDetail keeps of one error of huma what does not come from the visitor.
func (a *api) translateDetail(op *huma.Operation, detail *huma.ErrorDetail) fieldProblem {
	missing, isMissing := strings.CutPrefix(detail.Message, "expected required property ")
	missing, _, _ = strings.Cut(missing, " ")
	switch {
	case isMissing:
		return fieldProblem{detail.Location + "." + missing, "required", "this must be given"}
	case detail.Message == "unexpected property":
		return a.unknownField(op, detail)
	case detail.Message == "unknown query parameter":
		return unknownParameter(op)
	}
	for _, known := range translations {
		if !strings.HasPrefix(detail.Message, known.begin) {
			continue
		}
		message := known.message
		if message == "" {
			message = detail.Message
		}
		return fieldProblem{detail.Location, known.code, message}
	}
	return fieldProblem{"body", "type", "a value is not of the type that its field takes"}
}

// unknownField names the object that has a field too many, and not that field:
// its name is what the visitor wrote.
func (a *api) unknownField(op *huma.Operation, detail *huma.ErrorDetail) fieldProblem {
	place := detail.Location
	if object, ok := detail.Value.(map[string]any); ok {
		longest := ""
		for name := range maps.Keys(object) {
			if strings.HasSuffix(place, "."+name) && len(name) >= len(longest) {
				longest = name
			}
		}
		place = strings.TrimSuffix(place, "."+longest)
	}
	message := "this has a field that is not known here; the document at " + prefix + "/openapi.json lists those that are"
	if body := op.RequestBody; body != nil && place == "body" {
		schema := a.huma.OpenAPI().Components.Schemas.SchemaFromRef(body.Content[jsonType].Schema.Ref)
		message = "this has a field that is not known here; known are " + strings.Join(slices.Sorted(maps.Keys(schema.Properties)), ", ")
	}
	return fieldProblem{place, "unknown_field", message}
}

func unknownParameter(op *huma.Operation) fieldProblem {
	var known []string
	for _, parameter := range op.Parameters {
		if parameter.In == "query" {
			known = append(known, parameter.Name)
		}
	}
	message := "there is a parameter too many: none is taken here"
	if len(known) > 0 {
		slices.Sort(known)
		message = "there is a parameter that is not known here; known are " + strings.Join(known, ", ")
	}
	return fieldProblem{"query", "unknown_parameter", message}
}

package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/internal/httplimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/strictjson"
	"github.com/pbxusers/pbxusers/userman"
)

// request is what a handler works with. Its parameters are valid, and so is its body
// but for unreadable.
type request struct {
	// params are the values that were given, as [strictjson.Parse] returns them.
	params map[string]any
	// raw is the body, and body the JSON value of it; see [strictjson.Parse].
	raw  []byte
	body any
	// picture is the body of an operation that takes a picture.
	picture io.Reader
	// unreadable are the errors of the fields of a record that cannot be read. The
	// service reports them together with what it rejects.
	unreadable []store.FieldError
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
	t, _ := time.Parse(time.RFC3339, r.text(name))
	return t
}

// page returns the part of a list that is requested.
func (r *request) page() store.PageRequest {
	limit, _ := r.params["limit"].(json.Number)
	n, _ := strconv.Atoi(limit.String())
	return store.PageRequest{After: r.text("after"), Limit: n}
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

// readableFields returns the fields of a record that can be read.
func (r *request) readableFields() map[string]any {
	fields := map[string]any{}
	body, _ := r.body.(map[string]any)
	for name, value := range body {
		if !r.isUnreadable(name) {
			fields[name] = value
		}
	}
	return fields
}

// isUnreadable reports whether a field, or a part of it, cannot be read, or is part of
// such a field.
func (r *request) isUnreadable(name string) bool {
	return slices.ContainsFunc(r.unreadable, func(f store.FieldError) bool { return rootField(f.Field) == rootField(name) })
}

// rootField returns the field of the record: "permit" of "permit[2]".
func rootField(name string) string {
	if end := strings.IndexAny(name, ".["); end >= 0 {
		return name[:end]
	}
	return name
}

// withoutRepeats leaves out of the error of a service what it says about unreadable
// fields. They are missing for the service, and perhaps required.
func (r *request) withoutRepeats(err error) error {
	fields, other := store.FieldErrors(err)
	if len(r.unreadable) == 0 || other != nil {
		return err
	}
	fields = slices.DeleteFunc(slices.Clone(fields), func(f store.FieldError) bool { return r.isUnreadable(f.Field) })
	return store.NewInvalidError(slices.Concat(r.unreadable, fields)...)
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
	errs := req.readParams(op, r)
	if len(req.raw) > 0 && op.body != nil {
		v := validator{schemas: a.document.Components.Schemas}
		v.validate(op.body, req.body, "")
		if _, isObject := req.body.(map[string]any); op.record && isObject && len(errs) == 0 {
			req.unreadable = v.errs
			return req, nil
		}
		errs = append(errs, fieldProblems("body", v.errs)...)
	}
	if len(errs) > 0 {
		return nil, newInvalidProblem(http.StatusUnprocessableEntity, errs...)
	}
	return req, nil
}

// unknownParameters returns an error when the query has a parameter that the operation
// does not have.
func unknownParameters(op *operation, r *http.Request) []fieldProblem {
	var names []string
	for _, p := range op.params {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	message := "unknown parameter; this operation has none"
	if len(names) > 0 {
		message = "unknown parameter; known are " + sortedList(names)
	}
	for name := range r.URL.Query() {
		if !slices.Contains(names, name) {
			return []fieldProblem{{"query", "unknown_parameter", message}}
		}
	}
	return nil
}

// readParams reads the parameters. An empty one counts as not given.
func (r *request) readParams(op *operation, from *http.Request) []fieldProblem {
	var errs []fieldProblem
	for _, p := range op.params {
		var text string
		switch p.In {
		case "path":
			text = from.PathValue(p.Name)
		case "query":
			text = from.URL.Query().Get(p.Name)
		case "header":
			text = strings.Join(from.Header.Values(p.Name), ", ")
		}
		var v validator
		switch {
		case text != "":
			r.params[p.Name] = paramValue(p.Schema, text)
			v.validate(p.Schema, r.params[p.Name], p.Name)
		case p.Required && p.In != "path":
			v.addRequired(p.Name)
		}
		errs = append(errs, fieldProblems(p.In, v.errs)...)
	}
	return errs
}

// paramValue returns the JSON value that the text of a parameter stands for; the text
// when it has another type than the schema.
func paramValue(schema *huma.Schema, text string) any {
	switch schema.Type {
	case huma.TypeBoolean:
		if on, err := strconv.ParseBool(text); err == nil {
			return on
		}
	case huma.TypeInteger:
		return json.Number(text)
	}
	return text
}

// maxBody is the maximum size of a JSON body.
const maxBody = 1 << 20

// Media types.
const (
	jsonType   = "application/json"
	mergeType  = "application/merge-patch+json"
	ndjsonType = "application/x-ndjson"
	jpegType   = "image/jpeg"
)

// pictureTypes lists the media types of a picture that is sent.
func pictureTypes() []string { return []string{jpegType, "image/png", "image/gif"} }

// readBody reads the body, and returns an error when it is not what the operation
// takes. A picture is read when it is its turn.
func (r *request) readBody(op *operation, w http.ResponseWriter, from *http.Request) (err error) {
	contentType := from.Header.Get("Content-Type")
	if op.picture {
		r.picture = bodyReader{http.MaxBytesReader(w, from.Body, userman.MaxPictureBytes)}
		return checkPicture(contentType, from.ContentLength)
	}
	limit := int64(maxBody)
	if op.public {
		limit = httplimit.MaxAnonymousBytes
	}
	if r.raw, err = io.ReadAll(bodyReader{http.MaxBytesReader(w, from.Body, limit)}); err != nil {
		return err
	}
	switch {
	case op.body == nil:
		// Clients that always send JSON send an empty object.
		if trimmed := bytes.TrimSpace(r.raw); len(trimmed) > 0 && !bytes.Equal(trimmed, []byte("{}")) {
			return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "unexpected", "this operation takes no body"})
		}
		return nil
	case len(r.raw) > 0:
		return r.readJSON(op.method, contentType)
	case !op.optionalBody:
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "required", "a body is required, as " + jsonType})
	}
	return nil
}

func (r *request) readJSON(method, contentType string) (err error) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != jsonType && (method != http.MethodPatch || media != mergeType) {
		return newProblem(http.StatusUnsupportedMediaType, "content_type", "send the body as "+jsonType)
	}
	r.body, err = strictjson.Parse(r.raw)
	if rejected, ok := errors.AsType[*strictjson.Error](err); ok {
		return newInvalidProblem(http.StatusBadRequest, fieldProblem{"body", rejected.Code, rejected.Message})
	}
	return err
}

// bodyReader reads a body, and turns errors into problems. The server bounds the time.
type bodyReader struct{ io.Reader }

// Read reads from the body.
func (b bodyReader) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, store.ErrBusy) {
		return n, err
	}
	switch status := httplimit.ErrorStatus(err); status {
	case http.StatusRequestEntityTooLarge:
		return n, newProblem(status, "too_large", "the body is larger than 1 MiB, a picture than 5 MiB, or a login than 8 KiB")
	case http.StatusRequestTimeout:
		return n, newProblem(status, "timeout", "the body took too long to arrive")
	default:
		return n, newProblem(status, "body", "the body could not be read")
	}
}

func checkPicture(contentType string, length int64) error {
	if length == 0 {
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblem{"body", "required", "a body is required, as a file"})
	}
	if media, _, err := mime.ParseMediaType(contentType); err != nil || !slices.Contains(pictureTypes(), media) {
		return newProblem(http.StatusUnsupportedMediaType, "content_type", "send a picture as image/jpeg, image/png or image/gif")
	}
	return nil
}

package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/store/audit"
)

// operationGroup is a set of operations that share a tag and their authorization.
type operationGroup struct {
	api *api
	tag string
	// section is the section that the administrator needs; empty for none.
	section string
	// public operations need no login.
	public bool
}

// group returns the operations of a tag for administrators with that section.
func (a *api) group(tag, section string) operationGroup {
	return operationGroup{api: a, tag: tag, section: section}
}

// handler answers a request whose parameters and body are valid.
type handler func(ctx context.Context, r *request) (*response, error)

// operation describes one operation for the document and for the server. Its texts are
// in document.ini, and its examples in examples.json.
type operation struct {
	id string
	// route is the method and the path, such as "GET /session".
	route string
	// status of success; the default is 200, and 204 for operations without response.
	status int
	// params are the query parameters and headers. Parameters in the path are
	// described by default.
	params []*huma.Param
	// body is the schema of the request; nil where there is no JSON body.
	body *huma.Schema
	// optionalBody says that the body may be omitted.
	optionalBody bool
	// record says that the body is a record, whose errors the service reports.
	record bool
	// picture says that the body is a picture, and public that the operation needs no
	// login.
	picture, public bool
	// response is the schema of the response; nil where there is none.
	response *huma.Schema
	// media is the type of the response; JSON when it is empty.
	media string
	// etag says that the response has an ETag. accepted says that 202 is a possible
	// status.
	etag, accepted bool

	method, path string
	handle       handler
}

// register adds an operation without a JSON body.
func (g operationGroup) register(op operation, handle handler) {
	op.method, op.path, _ = strings.Cut(op.route, " ")
	op.handle, op.public = handle, g.public
	switch {
	case op.status != 0:
	case op.response == nil:
		op.status = http.StatusNoContent
	default:
		op.status = http.StatusOK
	}
	for part := range strings.SplitSeq(op.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.params = addPathParam(op.params, strings.TrimSuffix(name, "}"))
		}
	}
	for _, p := range op.params {
		p.Description = cmp.Or(p.Description, g.api.document.text("parameters", p.Name))
	}
	g.api.document.AddOperation(g.describe(&op))
	g.api.mux.HandleFunc(op.method+" "+prefix+op.path, func(w http.ResponseWriter, r *http.Request) { g.serve(&op, w, r) })
}

// registerBody adds an operation whose JSON body is a T. The handler gets nil when
// the body is optional and omitted.
func registerBody[T any](g operationGroup, op operation, handle func(context.Context, *request, *T) (*response, error)) {
	op.body = schemaFor[T](g.api.document)
	g.register(op, func(ctx context.Context, r *request) (*response, error) {
		body, err := decodeBody[T](r)
		if err != nil {
			return nil, err
		}
		return handle(ctx, r, body)
	})
}

// registerValue adds an operation that returns a T, and takes nothing.
func registerValue[T any](g operationGroup, id, route string, value func(context.Context) (T, error)) {
	g.register(operation{id: id, route: route, response: schemaFor[T](g.api.document)}, func(ctx context.Context, _ *request) (*response, error) {
		return reply(value(ctx))
	})
}

// registerFixedList adds a list that is the same for everybody.
func registerFixedList[T any](g operationGroup, id, route string, items func() []T) {
	registerValue(g, id, route, func(context.Context) (list[T], error) { return singlePage(items()), nil })
}

// serve authorizes the administrator before it reads anything else of the request.
func (g operationGroup) serve(op *operation, w http.ResponseWriter, r *http.Request) {
	place := "body"
	if op.method == http.MethodGet {
		place = "query"
	}
	answer, err := g.answer(op, w, r)
	if err != nil {
		g.api.toProblem(r.Context(), err, place).write(w)
		return
	}
	answer.write(w, op.status)
}

func (g operationGroup) answer(op *operation, w http.ResponseWriter, r *http.Request) (*response, error) {
	if !g.public {
		if _, err := g.api.sessions.Require(r.Context(), g.section); err != nil {
			return nil, err
		}
	}
	req, err := g.api.readRequest(op, w, r)
	if err == nil && op.body != nil { // which may have taken long
		err = audit.CheckPrecondition(r.Context())
	}
	if err != nil {
		return nil, err
	}
	answer, err := op.handle(r.Context(), req)
	return answer, req.withoutRepeats(err)
}

// describe returns the operation as the document has it.
func (g operationGroup) describe(op *operation) *huma.Operation {
	d := g.api.document
	described := &huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{g.tag},
		Summary: d.text(op.id, "summary"), Description: d.text(op.id, "description"), Parameters: op.params,
		Security: []map[string][]string{}, Responses: g.responses(op),
	}
	if op.body != nil {
		example := d.examples[op.id+".request"]
		if example == nil {
			example = d.example(op.body, nil)
		}
		described.RequestBody = &huma.RequestBody{
			Required: !op.optionalBody,
			Content:  map[string]*huma.MediaType{jsonType: {Schema: op.body, Example: example}},
		}
	}
	if op.picture {
		described.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, media := range pictureTypes() {
			described.RequestBody.Content[media] = &huma.MediaType{Schema: binary()}
		}
	}
	if !g.public {
		described.Security = []map[string][]string{{schemeBearer: {}}, {schemeCookie: {}}}
	}
	return described
}

// responses returns the possible responses of the operation.
func (g operationGroup) responses(op *operation) map[string]*huma.Response {
	d := g.api.document
	success := &huma.Response{Description: http.StatusText(op.status), Headers: map[string]*huma.Param{}}
	switch {
	case op.media == jpegType:
		success.Content = map[string]*huma.MediaType{jpegType: {Schema: op.response}}
	case op.response != nil:
		success.Content = map[string]*huma.MediaType{
			cmp.Or(op.media, jsonType): {Schema: op.response, Example: d.example(op.response, d.examples[op.id])},
		}
	}
	if op.etag {
		success.Headers["ETag"] = responseHeader("Changes with every change of the record; for If-Match and If-None-Match.")
	}
	if op.etag && op.status == http.StatusCreated {
		success.Headers["Location"] = responseHeader("The path of the record.")
	}
	responses := map[string]*huma.Response{strconv.Itoa(op.status): success}
	if op.has(ifNoneMatchHeader) {
		responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Description: "Not modified (If-None-Match matches)."}
	}
	if op.accepted {
		responses[strconv.Itoa(http.StatusAccepted)] = &huma.Response{Description: "Still running.", Content: success.Content}
	}
	for _, status := range g.statuses(op) {
		responses[strconv.Itoa(status)] = d.problemResponse(status)
	}
	return responses
}

func responseHeader(doc string) *huma.Param {
	return &huma.Param{Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}
}

// has reports whether the operation has a parameter.
func (op *operation) has(param string) bool {
	return slices.ContainsFunc(op.params, func(p *huma.Param) bool { return p.Name == param })
}

// statuses lists the problems that follow from the shape of an operation, and those
// of its own.
func (g operationGroup) statuses(op *operation) []int {
	statuses := append(g.api.document.texts.Section(op.id).Key("errors").Ints(" "), http.StatusUnprocessableEntity, http.StatusInternalServerError)
	if !g.public {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if g.section != "" {
		statuses = append(statuses, http.StatusForbidden)
	}
	if strings.Contains(op.path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if op.has(ifMatchHeader) {
		statuses = append(statuses, http.StatusPreconditionFailed)
	}
	if op.method != http.MethodGet {
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable)
	}
	if op.body != nil || op.picture {
		statuses = append(statuses, http.StatusUnsupportedMediaType)
	}
	return statuses
}

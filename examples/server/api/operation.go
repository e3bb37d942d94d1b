package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
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

// handler answers a request whose parameters and body are valid.
type handler func(ctx context.Context, r *request) (*response, error)

// operation describes one operation for the document and for the server.
type operation struct {
	id, method, path     string
	summary, description string
	// status of success; 200 when it is 0.
	status int
	// errors are the statuses of problems beside those that [operationGroup.statuses]
	// derives.
	errors []int
	// params are the query parameters and headers. Parameters in the path are
	// described by default.
	params []*huma.Param
	// request and response are examples; nil where there is no body.
	request, response any
	// body is the schema of the request; nil where there is no JSON body.
	body *huma.Schema
	// optionalBody says that the body may be omitted.
	optionalBody bool
	// record says that the body is a record, whose errors the service reports.
	record bool
	// schema is that of the response; the default is that of its type.
	schema *huma.Schema
	// media is the type of the response; JSON when it is empty.
	media string
	// picture says that the body is a picture.
	picture bool
	// etag and location are headers of the response. notModified says that 304 is
	// a possible status, and accepted that 202 is.
	etag, location, notModified, accepted bool

	handle handler
}

// register adds an operation without a JSON body.
func (g operationGroup) register(op operation, handle handler) {
	if op.status == 0 {
		op.status = http.StatusOK
	}
	for part := range strings.SplitSeq(op.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			op.params = addPathParam(op.params, strings.TrimSuffix(name, "}"))
		}
	}
	op.handle = handle
	g.api.openapi.AddOperation(g.describe(&op))
	g.api.mux.HandleFunc(op.method+" "+prefix+op.path, func(w http.ResponseWriter, r *http.Request) { g.serve(&op, w, r) })
}

// registerBody adds an operation whose JSON body is a T. The handler gets nil when
// the body is optional and omitted.
func registerBody[T any](g operationGroup, op operation, handle func(context.Context, *request, *T) (*response, error)) {
	op.body = g.api.schemaOf(reflect.TypeFor[T]())
	g.register(op, func(ctx context.Context, r *request) (*response, error) {
		body, err := decodeBody[T](r)
		if err != nil {
			return nil, err
		}
		return handle(ctx, r, body)
	})
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
	if err != nil {
		return nil, err
	}
	answer, err := op.handle(r.Context(), req)
	return answer, req.withoutRepeats(err)
}

// describe returns the operation as the document has it.
func (g operationGroup) describe(op *operation) *huma.Operation {
	described := &huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, Tags: []string{g.tag},
		Summary: op.summary, Description: op.description, Parameters: op.params,
		Security: []map[string][]string{}, Responses: g.responses(op),
	}
	if op.body != nil {
		described.RequestBody = &huma.RequestBody{
			Required: !op.optionalBody,
			Content:  map[string]*huma.MediaType{jsonType: {Schema: op.body, Example: op.request}},
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
	success := &huma.Response{Description: http.StatusText(op.status)}
	media := op.media
	if media == "" {
		media = jsonType
	}
	switch {
	case media == jpegType:
		success.Content = map[string]*huma.MediaType{jpegType: {Schema: binary()}}
	case op.schema != nil:
		success.Content = map[string]*huma.MediaType{media: {Schema: op.schema, Example: op.response}}
	case op.response != nil:
		success.Content = map[string]*huma.MediaType{media: {Schema: g.api.schemaOf(reflect.TypeOf(op.response)), Example: op.response}}
	}
	success.Headers = responseHeaders(op)
	responses := map[string]*huma.Response{strconv.Itoa(op.status): success}
	if op.notModified {
		responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Description: "Not modified (If-None-Match matches)."}
	}
	if op.accepted {
		responses[strconv.Itoa(http.StatusAccepted)] = &huma.Response{Description: "Still running.", Content: success.Content}
	}
	for _, status := range g.statuses(op) {
		responses[strconv.Itoa(status)] = g.api.problemResponse(status)
	}
	return responses
}

func responseHeaders(op *operation) map[string]*huma.Param {
	headers := map[string]*huma.Param{}
	if op.etag {
		headers["ETag"] = &huma.Param{Description: "Changes with every change of the record; for If-Match and If-None-Match.", Schema: &huma.Schema{Type: huma.TypeString}}
	}
	if op.location {
		headers["Location"] = &huma.Param{Description: "The path of the record.", Schema: &huma.Schema{Type: huma.TypeString}}
	}
	return headers
}

// statuses lists the problems that follow from the shape of an operation, and those
// of its own.
func (g operationGroup) statuses(op *operation) []int {
	statuses := append([]int{http.StatusUnprocessableEntity, http.StatusInternalServerError}, op.errors...)
	if !g.public {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if g.section != "" {
		statuses = append(statuses, http.StatusForbidden)
	}
	if strings.Contains(op.path, "{") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if slices.ContainsFunc(op.params, func(p *huma.Param) bool { return p.Name == ifMatchHeader }) {
		statuses = append(statuses, http.StatusPreconditionFailed)
	}
	if op.method != http.MethodGet {
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge)
	}
	if op.body != nil || op.picture {
		statuses = append(statuses, http.StatusUnsupportedMediaType)
	}
	return statuses
}

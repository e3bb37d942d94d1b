package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// operationGroup is a set of operations with one door.
type operationGroup struct {
	api *api
	tag string
	// section is what the visitor must have been given; empty for what every
	// administrator may use.
	section string
	// public lets everybody in.
	public bool
}

// operation is what the document says of one.
type operation struct {
	id, method, path     string
	summary, description string
	// status of success; 200 when it is 0.
	status int
	// errors are the statuses of problems, but for those that [register] works
	// out.
	errors []int
	// request and response are examples; nil where there is no body.
	request, response any
	// optionalBody says that the body may be left out.
	optionalBody bool
	// media is the type of the response; JSON when it is empty.
	media string
	// picture says that the body is one.
	picture bool
	// notModified says that 304 may be the answer, and accepted that 202 may be.
	notModified, accepted bool
}

// register adds an operation: behind the door of the group, and with its errors
// told as problems.
func register[I, O any](g operationGroup, op operation, handler func(context.Context, *I) (*O, error)) {
	described := g.describe(&op)
	place := "body"
	if op.method == http.MethodGet {
		place = "query"
	}
	huma.Register(g.api.huma, described, func(ctx context.Context, input *I) (*O, error) {
		output, err := handler(ctx, input)
		if err != nil {
			return nil, g.api.toProblem(ctx, err, place)
		}
		return output, nil
	})
	if op.accepted {
		described.Responses[strconv.Itoa(http.StatusAccepted)].Content = described.Responses[strconv.Itoa(op.status)].Content
	}
}

// describe returns the operation as huma has it.
func (g operationGroup) describe(op *operation) huma.Operation {
	if op.status == 0 {
		op.status = http.StatusOK
	}
	described := huma.Operation{
		OperationID: op.id, Method: op.method, Path: op.path, DefaultStatus: op.status,
		Tags: []string{g.tag}, Summary: op.summary, Description: op.description,
		Security:  []map[string][]string{},
		Responses: g.responses(op),
		// The body was read and bounded by readBody.
		MaxBodyBytes: -1, BodyReadTimeout: -1,
	}
	if op.request != nil {
		described.RequestBody = &huma.RequestBody{
			Required: !op.optionalBody,
			Content:  map[string]*huma.MediaType{jsonType: {Example: op.request}},
		}
	}
	if op.picture {
		described.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{}}
		for _, media := range pictureTypes() {
			described.RequestBody.Content[media] = &huma.MediaType{Schema: binary()}
		}
	}
	if !g.public {
		described.Security = []map[string][]string{{schemeBearer: {}}, {schemeCookie: {}}}
		described.Middlewares = append(described.Middlewares, g.requireSection)
	}
	read := g.api.readBody
	if op.picture {
		read = g.api.readPicture
	}
	described.Middlewares = append(described.Middlewares, read)
	return described
}

// requireSection lets in whoever may use the section, before anything else is looked at.
func (g operationGroup) requireSection(ctx huma.Context, next func(huma.Context)) {
	if _, err := g.api.sessions.Require(ctx.Context(), g.section); err != nil {
		_, w := humago.Unwrap(ctx)
		g.api.toProblem(ctx.Context(), err, "").write(w)
		return
	}
	next(ctx)
}

// responses returns what the operation may answer.
func (g operationGroup) responses(op *operation) map[string]*huma.Response {
	success := &huma.Response{Description: http.StatusText(op.status)}
	switch {
	case op.media == jpegType:
		success.Content = map[string]*huma.MediaType{jpegType: {Schema: binary()}}
	case op.media != "":
		schema := g.api.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(op.response), true, "")
		success.Content = map[string]*huma.MediaType{op.media: {Schema: schema, Example: op.response}}
	case op.response != nil:
		success.Content = map[string]*huma.MediaType{jsonType: {Example: op.response}}
	}
	responses := map[string]*huma.Response{strconv.Itoa(op.status): success}
	if op.notModified {
		responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Description: "The record is the one of If-None-Match."}
	}
	if op.accepted {
		responses[strconv.Itoa(http.StatusAccepted)] = &huma.Response{Description: "It takes longer, and goes on."}
	}
	for _, status := range g.statuses(op) {
		responses[strconv.Itoa(status)] = g.api.problemResponse(status)
	}
	return responses
}

// statuses lists the problems that the shape of an operation brings along, and
// those of its own.
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
	if op.method != http.MethodGet {
		statuses = append(statuses, http.StatusBadRequest, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge)
	}
	if op.request != nil || op.picture {
		statuses = append(statuses, http.StatusUnsupportedMediaType)
	}
	return statuses
}

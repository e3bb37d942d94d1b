package api

import (
	"maps"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
)

const problemType = "application/problem+json"

// problem is an error as RFC 9457 defines it. It never contains a value of the
// request.
type problem struct {
	Type       string            `doc:"Always about:blank; see code."             json:"type"`
	Title      string            `doc:"The name of the status."                   json:"title"`
	Status     int               `doc:"The status of the response."               json:"status"`
	Detail     string            `doc:"A message for people."                     json:"detail"`
	Code       string            `doc:"A short, stable identifier for programs."  json:"code"`
	Errors     []fieldProblem    `doc:"What is wrong with each field."            json:"errors,omitempty"`
	References []store.Reference `doc:"The records that still refer to this one." json:"references,omitempty"`

	headers http.Header
}

// fieldProblem says what is wrong in one place of a request.
type fieldProblem struct {
	Location string `doc:"The place in the request, such as body.permit[2] or query.limit." json:"location"`
	Code     string `doc:"A short, stable identifier for programs."                         json:"code"`
	Message  string `doc:"A message for people."                                            json:"message"`
}

// newProblem returns a problem with a status, a code and a message.
func newProblem(status int, code, detail string) *problem {
	return &problem{
		Type: "about:blank", Title: statusTitle(status), Status: status, Detail: detail, Code: code,
		headers: http.Header{},
	}
}

// statusClientGone is the status of a client that closed the connection, as nginx
// logs it.
const statusClientGone = 499

func statusTitle(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// maxFieldErrors is the maximum number of fields that one response names.
const maxFieldErrors = 100

// newInvalidProblem returns a problem in these places of the request.
func newInvalidProblem(status int, fields ...fieldProblem) *problem {
	p := newProblem(status, "invalid", "the request is invalid; nothing was changed")
	p.Errors = fields[:min(len(fields), maxFieldErrors)]
	return p
}

// withHeader adds a header to the response.
func (p *problem) withHeader(header, value string) *problem {
	p.headers.Set(header, value)
	return p
}

// Error returns the message.
func (p *problem) Error() string { return p.Detail }

// write writes the problem as the response.
func (p *problem) write(w http.ResponseWriter) {
	header := w.Header()
	maps.Copy(header, p.headers)
	header.Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = marshal(w, p)
}

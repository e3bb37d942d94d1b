package api

import (
	"maps"
	"net/http"

	"github.com/pbxusers/pbxusers/store"
)

const problemType = "application/problem+json"

// problem is an error as RFC 9457 has it. It never holds a value that was
// submitted.
type problem struct {
	Type   string `doc:"Always about:blank: the code says what it is."            json:"type"`
	Title  string `doc:"The name of the status."                                  json:"title"`
	Status int    `doc:"The status of the response."                              json:"status"`
	Detail string `doc:"One sentence for people: what is wrong, and the way out." json:"detail"`
	Code   string `doc:"A short, stable word for programs."                       json:"code"`
	// Errors are the fields that were refused.
	Errors []fieldProblem `doc:"What is wrong with each field." json:"errors,omitempty"`
	// References say what still needs the record.
	References []store.Reference `doc:"The records that still refer to this one." json:"references,omitempty"`

	headers http.Header
}

// fieldProblem says what is wrong in one place of the request.
type fieldProblem struct {
	Location string `doc:"The place in the request, such as body.permit[2] or query.limit." json:"location"`
	Code     string `doc:"A short, stable word for programs."                               json:"code"`
	Message  string `doc:"One sentence for people: what is wrong, and the way out."         json:"message"`
}

// newProblem makes a problem that is told by its status, its code and one
// sentence.
func newProblem(status int, code, detail string) *problem {
	return &problem{
		Type: "about:blank", Title: statusTitle(status), Status: status, Detail: detail, Code: code,
		headers: http.Header{},
	}
}

// statusClientGone is what servers write in their logs about a client that did
// not wait for the answer.
const statusClientGone = 499

func statusTitle(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// newInvalidProblem is a problem in one place of the request.
func newInvalidProblem(status int, field fieldProblem) *problem {
	p := newProblem(status, "invalid", "the request was refused; nothing was changed")
	p.Errors = []fieldProblem{field}
	return p
}

// withHeader adds a header to the response.
func (p *problem) withHeader(header, value string) *problem {
	p.headers.Set(header, value)
	return p
}

// Error returns the sentence.
func (p *problem) Error() string { return p.Detail }

// GetStatus tells huma the status.
func (p *problem) GetStatus() int { return p.Status }

// GetHeaders tells huma the headers.
func (p *problem) GetHeaders() http.Header { return p.headers }

// ContentType tells huma the media type.
func (p *problem) ContentType(string) string { return problemType }

// write answers with the problem.
func (p *problem) write(w http.ResponseWriter) {
	header := w.Header()
	maps.Copy(header, p.headers)
	header.Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = marshal(w, p)
}

package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
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
	Errors     []fieldProblem    `doc:"What is wrong with fields and parameters." json:"errors,omitempty"`
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

// toProblem turns an error of the services into a problem. The fields that it names
// are in place, "body" or "query". Other errors are logged, and reported without
// details.
func (a *api) toProblem(ctx context.Context, err error, place string) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	err = store.Conceal(err)
	if p := loginProblem(err); p != nil {
		return p
	}
	if p := storeProblem(err, place); p != nil {
		return p
	}
	if p := contextProblem(err); p != nil {
		return p
	}
	a.log.ErrorContext(ctx, "a request failed", "error", err)
	return newProblem(http.StatusInternalServerError, "internal", "internal error; see the log of the server")
}

// loginProblem turns a failed login into a problem; nil for other errors.
func loginProblem(err error) *problem {
	var login *credential.LoginError
	var throttled *store.RateLimitedError
	switch {
	case errors.As(err, &login):
		return newProblem(http.StatusUnauthorized, string(login.Code), login.Message).withHeader("WWW-Authenticate", "Bearer")
	case errors.Is(err, websession.ErrLoginRequired):
		return newProblem(http.StatusUnauthorized, "login_required", websession.ErrLoginRequired.Error()).withHeader("WWW-Authenticate", "Bearer")
	case errors.As(err, &throttled):
		return newProblem(http.StatusTooManyRequests, "rate_limited", throttled.Error()).withHeader("Retry-After", strconv.Itoa(throttled.RetryAfterSeconds()))
	}
	return nil
}

// storeProblem turns an error of package store into a problem; nil for other errors.
func storeProblem(err error, place string) *problem {
	var invalid *store.InvalidError
	var exists *store.AlreadyExistsError
	var inUse *store.InUseError
	var busy *store.BusyError
	switch {
	case errors.As(err, &invalid) && errors.Is(err, store.ErrAlreadyExists):
		p := newProblem(http.StatusConflict, store.CodeAlreadyExists, invalid.Error())
		p.Errors = fieldProblems(place, invalid.Fields)
		return p
	case errors.As(err, &invalid):
		return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblems(place, invalid.Fields)...)
	case errors.As(err, &exists):
		p := newProblem(http.StatusConflict, store.CodeAlreadyExists, exists.Error())
		p.Errors = []fieldProblem{{Location: fieldLocation(place, exists.Field), Code: store.CodeAlreadyExists, Message: exists.Error()}}
		return p
	case errors.As(err, &inUse):
		p := newProblem(http.StatusConflict, "in_use", inUse.Error())
		p.References = inUse.References
		return p
	case errors.As(err, new(*preconditionFailedError)):
		return newProblem(http.StatusPreconditionFailed, "precondition_failed", err.Error())
	case errors.Is(err, store.ErrNotFound):
		return newProblem(http.StatusNotFound, "not_found", err.Error())
	case errors.Is(err, store.ErrConflict):
		return newProblem(http.StatusConflict, "conflict", err.Error())
	case errors.As(err, &busy):
		return newProblem(http.StatusServiceUnavailable, "busy", busy.Error()).withHeader("Retry-After", strconv.Itoa(busy.RetryAfterSeconds))
	case errors.Is(err, store.ErrForbidden):
		return newProblem(http.StatusForbidden, "forbidden", err.Error())
	}
	return nil
}

// fieldProblems returns what is wrong with fields in a place of the request.
func fieldProblems(place string, errs []store.FieldError) []fieldProblem {
	problems := make([]fieldProblem, len(errs))
	for i, f := range errs {
		problems[i] = fieldProblem{Location: fieldLocation(place, f.Field), Code: f.Code, Message: f.Message}
	}
	return problems
}

// fieldLocation returns the location of a field in a place of the request.
func fieldLocation(place, field string) string {
	switch field {
	case "":
		return place
	case idempotencyHeader:
		return "header." + field
	}
	return place + "." + field
}

// contextProblem turns the end of the request itself into a problem; nil for other
// errors.
func contextProblem(err error) *problem {
	switch {
	case errors.Is(err, context.Canceled):
		return newProblem(statusClientGone, "canceled", "the client closed the connection")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, "timeout", "the operation timed out; try again later")
	}
	return nil
}

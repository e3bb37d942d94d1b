package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

// toProblem turns an error of the services into a problem. The fields that it names
// are in place, "body" or "query". Other errors are logged, and reported without
// details.
func (a *api) toProblem(ctx context.Context, err error, place string) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
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
	case errors.Is(err, access.ErrLoginRequired):
		return newProblem(http.StatusUnauthorized, "login_required", access.ErrLoginRequired.Error()).withHeader("WWW-Authenticate", "Bearer")
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
	switch {
	case errors.As(err, &invalid):
		return invalidProblem(invalid, place)
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
	case errors.Is(err, store.ErrForbidden):
		return newProblem(http.StatusForbidden, "forbidden", err.Error())
	}
	return nil
}

func invalidProblem(invalid *store.InvalidError, place string) *problem {
	return newInvalidProblem(http.StatusUnprocessableEntity, fieldProblems(place, invalid.Fields)...)
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
	case errors.As(err, new(*http.MaxBytesError)):
		return tooLargeProblem()
	case errors.Is(err, context.Canceled):
		return newProblem(statusClientGone, "canceled", "the client closed the connection")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, "timeout", "the operation timed out; try again later")
	}
	return nil
}

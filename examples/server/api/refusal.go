package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
)

// problemOf words an error of the services. place is where the fields stand
// that they refuse, "body" or "query". What is no refusal is logged, and told
// without details.
func (a *api) problemOf(ctx context.Context, err error, place string) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if p := loginProblem(err); p != nil {
		return p
	}
	if p := refusalProblem(err, place); p != nil {
		return p
	}
	if p := endedProblem(err); p != nil {
		return p
	}
	a.log.ErrorContext(ctx, "a request failed", "error", err)
	return newProblem(http.StatusInternalServerError, "internal", "the server failed; its log says more")
}

// loginProblem words what keeps somebody out.
func loginProblem(err error) *problem {
	var login *ampusers.LoginError
	var throttled *store.ThrottledError
	switch {
	case errors.As(err, &login):
		return newProblem(http.StatusUnauthorized, string(login.Code), login.Message).with("WWW-Authenticate", "Bearer")
	case errors.Is(err, access.ErrLoginNeeded):
		return newProblem(http.StatusUnauthorized, "login_required", access.ErrLoginNeeded.Error()).with("WWW-Authenticate", "Bearer")
	case errors.As(err, &throttled):
		return newProblem(http.StatusTooManyRequests, "throttled", throttled.Error()).with("Retry-After", strconv.Itoa(throttled.Seconds()))
	}
	return nil
}

// refusalProblem words the refusals of package store.
func refusalProblem(err error, place string) *problem {
	var refused *store.InvalidError
	var exists *store.ExistsError
	var inUse *store.InUseError
	switch {
	case errors.As(err, &refused):
		return invalidProblem(refused, place)
	case errors.As(err, &exists):
		p := newProblem(http.StatusConflict, "exists", exists.Error())
		p.Errors = []fieldProblem{{Location: location(place, exists.Field), Code: "exists", Message: exists.Error()}}
		return p
	case errors.As(err, &inUse):
		p := newProblem(http.StatusConflict, "in_use", inUse.Error())
		p.References = inUse.References
		return p
	case errors.As(err, new(*staleError)):
		return newProblem(http.StatusPreconditionFailed, "stale", err.Error())
	case errors.Is(err, store.ErrNotFound):
		return newProblem(http.StatusNotFound, "not_found", err.Error())
	case errors.Is(err, store.ErrConflict):
		return newProblem(http.StatusConflict, "conflict", err.Error())
	case errors.Is(err, store.ErrForbidden):
		return newProblem(http.StatusForbidden, "forbidden", err.Error())
	}
	return nil
}

func invalidProblem(refused *store.InvalidError, place string) *problem {
	p := newProblem(http.StatusUnprocessableEntity, "invalid", "the request was refused; nothing was changed")
	for _, f := range refused.Fields {
		p.Errors = append(p.Errors, fieldProblem{Location: location(place, f.Field), Code: f.Code, Message: f.Message})
	}
	return p
}

// location names a field in a place of the request.
func location(place, field string) string {
	switch field {
	case "":
		return place
	case idempotencyHeader:
		return "header." + field
	}
	return place + "." + field
}

// endedProblem words the end of the request itself.
func endedProblem(err error) *problem {
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return tooLarge()
	case errors.Is(err, context.Canceled):
		return newProblem(statusClientGone, "canceled", "the client went away")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable, "timeout", "this took too long; try again later")
	}
	return nil
}

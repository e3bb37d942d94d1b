package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
)

// statusError is answered with the page of that status.
type statusError struct{ status int }

func (e *statusError) Error() string { return http.StatusText(e.status) }

// errorPage is what a page says about an error.
type errorPage struct {
	Status int
	Title  string
	Reason string
	Hint   string
	// FirstPage is the list that the address asked something impossible of.
	FirstPage string
}

// writeError answers with the page that fits err.
func (p *pages) writeError(ctx context.Context, w http.ResponseWriter, r *request, err error) {
	if errors.Is(err, access.ErrLoginRequired) {
		p.redirectToLogin(w, r)
		return
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return // the client is gone
	}
	body := p.errorPage(ctx, r, err)
	if errors.Is(err, store.ErrInvalid) && r.Method != http.MethodPost {
		body.FirstPage = r.URL.EscapedPath()
	}
	errs, _ := formErrorsOf(err)
	answer := page{Status: body.Status, Name: "errorpage", Title: body.Title, Body: body, RetryAfter: errs.retryAfter}
	if err := answer.write(ctx, p, w, r); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// errorPage describes err. What the page does not tell is logged.
func (p *pages) errorPage(ctx context.Context, r *request, err error) errorPage {
	body := errorPageOf(err)
	if body.Status == http.StatusInternalServerError {
		p.log.ErrorContext(ctx, "page failed", "route", r.Pattern, "error", err)
	}
	return body
}

func errorPageOf(err error) errorPage {
	var answered *statusError
	switch {
	case errors.As(err, &answered):
		return errorPageOfStatus(answered.status)
	case errors.Is(err, store.ErrForbidden):
		return errorPage{Status: http.StatusForbidden, Title: "Access denied", Reason: sentence(err.Error()), Hint: "Nothing was changed."}
	case errors.Is(err, store.ErrNotFound):
		return errorPage{Status: http.StatusNotFound, Title: "Not found", Reason: sentence(err.Error()), Hint: "It may have been deleted. Return to the list."}
	case errors.Is(err, store.ErrRateLimited):
		return errorPage{Status: http.StatusTooManyRequests, Title: "Too many attempts", Reason: sentence(err.Error())}
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrInUse), errors.Is(err, store.ErrAlreadyExists):
		return errorPage{Status: http.StatusConflict, Title: "Conflict", Reason: sentence(err.Error()), Hint: "Nothing was changed."}
	case errors.Is(err, store.ErrInvalid):
		return errorPage{Status: http.StatusBadRequest, Title: "Invalid request", Reason: sentence(err.Error()), Hint: "Nothing was changed."}
	}
	return errorPageOfStatus(http.StatusInternalServerError)
}

func errorPageOfStatus(status int) errorPage {
	f := errorPage{Status: status, Title: http.StatusText(status)}
	switch status {
	case http.StatusBadRequest:
		f.Reason, f.Hint = "The server could not read the request.", "Nothing was changed. Reload the page and try again."
	case http.StatusNotFound:
		f.Title, f.Reason, f.Hint = "Not found", "This page does not exist.", "Check the address or go to the overview."
	case http.StatusMethodNotAllowed:
		f.Title, f.Reason = "Method not allowed", "This address does not accept the request."
		f.Hint = "Go to the overview."
	case http.StatusRequestEntityTooLarge:
		f.Title, f.Reason = "Request too large", fmt.Sprintf("A form can have at most %d KiB.", maxForm>>10)
		f.Hint = "Nothing was changed."
	case http.StatusUnsupportedMediaType:
		f.Title, f.Reason = "Invalid request", "This address accepts form data only."
		f.Hint = "Nothing was changed. Programs should use the API."
	case http.StatusInternalServerError:
		f.Title, f.Reason = "Something went wrong", "The server could not complete the request."
		f.Hint = "Try again. If the error persists, check the server log."
	}
	return f
}

// redirectToLogin leads to the login page, and from there back. What was posted is
// lost: it was not sent in a session.
func (p *pages) redirectToLogin(w http.ResponseWriter, r *request) {
	notice := ""
	if _, err := r.Cookie(p.sessions.SCS.Cookie.Name); err == nil {
		notice = noticeEnded
	}
	target := listAddress("/login", "next", nextOf(p.returnPath(r)), "notice", notice)
	if r.isHTMX() {
		w.Header().Set("Hx-Redirect", target)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r.Request, target, http.StatusSeeOther)
}

// returnPath is the page to show after the login.
func (p *pages) returnPath(r *request) string {
	switch {
	case r.isHTMX():
		return currentPage(r)
	case r.URL.Path == "/config/banner":
		return "/"
	case r.Method == http.MethodGet:
		return localPath(r.URL.RequestURI())
	}
	getReq := r.Clone(r.Context())
	getReq.Method = http.MethodGet
	if _, pattern := p.mux.Handler(getReq); pattern == "" {
		return "/"
	}
	return localPath(r.URL.EscapedPath())
}

// currentPage is the page that the browser shows while htmx asks for a part.
func currentPage(r *request) string {
	current, err := url.Parse(r.Header.Get("Hx-Current-Url"))
	if err != nil {
		return "/"
	}
	return localPath(current.RequestURI())
}

// capitalized returns a text whose first letter, of ASCII, is a capital.
func capitalized(text string) string {
	if text == "" || text[0] < 'a' || text[0] > 'z' {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// sentence starts with a capital letter and ends with a full stop.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") {
		return capitalized(text)
	}
	return capitalized(text) + "."
}

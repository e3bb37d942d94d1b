package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
)

// statusError is answered with the page of that status.
type statusError int

func (e statusError) Error() string { return http.StatusText(int(e)) }

const (
	errBadRequest = statusError(http.StatusBadRequest)
	errNoPage     = statusError(http.StatusNotFound)
	errMethod     = statusError(http.StatusMethodNotAllowed)
	errTimeout    = statusError(http.StatusRequestTimeout)
	errTooLarge   = statusError(http.StatusRequestEntityTooLarge)
	errNoForm     = statusError(http.StatusUnsupportedMediaType)
)

// errorPage is the page of an error.
type errorPage struct {
	Status int
	Title  string
	Reason string
	Hint   string
	// FirstPage is the list without the invalid parameters of the address; empty
	// for other pages.
	FirstPage string
}

// writeError answers with the page for err.
func (p *pages) writeError(ctx context.Context, w http.ResponseWriter, r *request, err error) {
	if errors.Is(err, websession.ErrLoginRequired) {
		p.redirectToLogin(ctx, w, r)
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

// errorPage describes err. Internal errors are logged and not shown.
func (p *pages) errorPage(ctx context.Context, r *request, err error) errorPage {
	body := errorPageOf(err)
	if body.Status == http.StatusInternalServerError {
		p.log.ErrorContext(ctx, "page failed", "route", r.Pattern, "error", err)
	}
	return body
}

// knownErrors are the pages of errors. Without a reason they show the error.
func knownErrors() []knownError {
	const unchanged = "Nothing was changed."
	return []knownError{
		{store.ErrForbidden, http.StatusForbidden, "Access denied", "", unchanged},
		{store.ErrNotFound, http.StatusNotFound, "Not found", "", "It may have been deleted. Return to the list."},
		{store.ErrRateLimited, http.StatusTooManyRequests, "Too many attempts", "", ""},
		{store.ErrConflict, http.StatusConflict, "Conflict", "", unchanged},
		{store.ErrInUse, http.StatusConflict, "Conflict", "", unchanged},
		{store.ErrAlreadyExists, http.StatusConflict, "Conflict", "", unchanged},
		{store.ErrInvalid, http.StatusBadRequest, "Invalid request", "", unchanged},
		{errBadRequest, http.StatusBadRequest, "Bad Request", "The server could not read the request.", unchanged + " Reload the page and try again."},
		{errNoPage, http.StatusNotFound, "Not found", "This page does not exist.", "Check the address or go to the overview."},
		{errMethod, http.StatusMethodNotAllowed, "Method not allowed", "This address does not accept the request.", "Go to the overview."},
		{store.ErrBusy, http.StatusServiceUnavailable, "Server busy", "", ""},
		{errTimeout, http.StatusRequestTimeout, "Request timeout", "The request took too long to arrive.", unchanged + " Try again."},
		{errTooLarge, http.StatusRequestEntityTooLarge, "Request too large", "A form can have at most 1 MiB, or 8 KiB without a login.", unchanged},
		{errNoForm, http.StatusUnsupportedMediaType, "Invalid request", "This address accepts form data only.", unchanged + " Programs should use the API."},
	}
}

type knownError struct {
	target              error
	status              int
	title, reason, hint string
}

func errorPageOf(err error) errorPage {
	err = store.Conceal(err)
	for _, known := range knownErrors() {
		if errors.Is(err, known.target) {
			return errorPage{Status: known.status, Title: known.title, Reason: cmp.Or(known.reason, sentence(err.Error())), Hint: known.hint}
		}
	}
	return errorPage{
		Status: http.StatusInternalServerError, Title: "Something went wrong",
		Reason: "The server could not complete the request.", Hint: "Try again. If the error persists, check the server log.",
	}
}

// redirectToLogin leads to the login page, and from there back. A posted form is
// lost: it was not sent in a session.
func (p *pages) redirectToLogin(ctx context.Context, w http.ResponseWriter, r *request) {
	notice := ""
	if _, err := r.Cookie(p.sessions.SCS.Cookie.Name); err == nil {
		notice = noticeEnded
	}
	target := listAddress("/login", "next", nextOf(p.returnPath(ctx, r)), "notice", notice)
	if r.isHTMX() {
		w.Header().Set("Hx-Redirect", target)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r.Request, target, http.StatusSeeOther)
}

// returnPath is the page to show after the login: for a part of a page, the page
// that the browser shows.
func (p *pages) returnPath(ctx context.Context, r *request) string {
	switch {
	case r.isHTMX():
		current, err := url.Parse(r.Header.Get("Hx-Current-Url"))
		if err != nil {
			return "/"
		}
		return localPath(current.RequestURI())
	case r.URL.Path == "/config/banner":
		return "/"
	case r.Method == http.MethodGet:
		return localPath(r.URL.RequestURI())
	}
	getReq := r.Clone(ctx)
	getReq.Method = http.MethodGet
	if _, pattern := p.mux.Handler(getReq); pattern == "" {
		return "/"
	}
	return localPath(r.URL.EscapedPath())
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
	if text != "" && !strings.ContainsAny(text[len(text)-1:], ".?!") {
		text += "."
	}
	return capitalized(text)
}

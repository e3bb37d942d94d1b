package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/examples/server/access"
	"github.com/pbxusers/pbxusers/store"
)

// statusError is answered with the page of that status.
type statusError struct{ status int }

func (e *statusError) Error() string { return http.StatusText(e.status) }

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
	if errors.Is(err, access.ErrLoginRequired) {
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

func errorPageOf(err error) errorPage {
	if answered, ok := errors.AsType[*statusError](err); ok {
		return errorPageOfStatus(answered.status)
	}
	const unchanged = "Nothing was changed."
	for _, known := range []struct {
		targets []error
		errorPage
	}{
		{[]error{store.ErrForbidden}, errorPage{Status: http.StatusForbidden, Title: "Access denied", Hint: unchanged}},
		{[]error{store.ErrNotFound}, errorPage{Status: http.StatusNotFound, Title: "Not found", Hint: "It may have been deleted. Return to the list."}},
		{[]error{store.ErrRateLimited}, errorPage{Status: http.StatusTooManyRequests, Title: "Too many attempts"}},
		{[]error{store.ErrConflict, store.ErrInUse, store.ErrAlreadyExists}, errorPage{Status: http.StatusConflict, Title: "Conflict", Hint: unchanged}},
		{[]error{store.ErrInvalid}, errorPage{Status: http.StatusBadRequest, Title: "Invalid request", Hint: unchanged}},
	} {
		if slices.ContainsFunc(known.targets, func(target error) bool { return errors.Is(err, target) }) {
			known.Reason = sentence(err.Error())
			return known.errorPage
		}
	}
	return errorPageOfStatus(http.StatusInternalServerError)
}

func errorPageOfStatus(status int) errorPage {
	pages := map[int]errorPage{
		http.StatusBadRequest: {Reason: "The server could not read the request.", Hint: "Nothing was changed. Reload the page and try again."},
		http.StatusNotFound:   {Title: "Not found", Reason: "This page does not exist.", Hint: "Check the address or go to the overview."},
		http.StatusMethodNotAllowed: {
			Title: "Method not allowed", Reason: "This address does not accept the request.", Hint: "Go to the overview.",
		},
		http.StatusRequestEntityTooLarge: {
			Title: "Request too large", Reason: fmt.Sprintf("A form can have at most %d KiB.", maxForm>>10), Hint: "Nothing was changed.",
		},
		http.StatusUnsupportedMediaType: {
			Title: "Invalid request", Reason: "This address accepts form data only.", Hint: "Nothing was changed. Programs should use the API.",
		},
		http.StatusInternalServerError: {
			Title: "Something went wrong", Reason: "The server could not complete the request.", Hint: "Try again. If the error persists, check the server log.",
		},
	}
	body := pages[status]
	body.Status, body.Title = status, cmp.Or(body.Title, http.StatusText(status))
	return body
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

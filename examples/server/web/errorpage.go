package web

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
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
	// List is the list to return to, without invalid parameters of the address; empty
	// without one.
	List pageLink
	// Form is the filled form that was sent, and Typed what was typed, by the names of
	// the fields.
	Form  string
	Typed []typedValue
	// LogInAs is the administrator who loaded the form, and Next the filled form.
	LogInAs, Next string
}

// typedValue is a value that was typed in a form.
type typedValue struct{ Label, Text string }

// addDraft adds what was typed to the page of an error.
func (e *errorPage) addDraft(d *forms.Draft) {
	if d == nil {
		return
	}
	typed := d.Typed()
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		e.Typed = append(e.Typed, typedValue{forms.Label(name), typed[name]})
	}
	if (len(typed) > 0 || len(d.Secrets) > 0) && e.Status != http.StatusNotFound {
		e.Form = withDraft(d.Page, draftParam, d.ID)
	}
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
	switch isRead := r.Method != http.MethodPost; {
	case errors.Is(err, store.ErrInvalid) && isRead:
		body.List = listOf(r, true)
	case errors.Is(store.Conceal(err), store.ErrNotFound):
		if body.List = listOf(r, false); body.List.Href != "" {
			body.Hint += " Return to the list."
		}
	}
	body.addDraft(r.draft)
	if other, ok := errors.AsType[*otherAdministratorError](err); ok {
		body.LogInAs, body.Next = other.owner, other.next
	}
	errs, _ := formErrorsOf(err)
	answer := page{Status: body.Status, Name: "errorpage", Title: body.Title, Body: body, RetryAfter: errs.retryAfter}
	if err := answer.write(ctx, p, w, r); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// listOf returns the list that the page belongs to. If the page is itself a list, its
// address has no parameters.
func listOf(r *request, isList bool) pageLink {
	for _, group := range navigationOf(r) {
		for _, a := range group.Areas {
			switch {
			case !a.Current:
			case isList && r.URL.Path != a.Href:
				return pageLink{r.URL.EscapedPath(), "First page"}
			default:
				return pageLink{a.Href, a.Label}
			}
		}
	}
	if isList {
		return pageLink{r.URL.EscapedPath(), "First page"}
	}
	return pageLink{}
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
		{store.ErrNotFound, http.StatusNotFound, "Not found", "", "It may have been deleted."},
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
	if other, ok := errors.AsType[*otherAdministratorError](err); ok {
		return errorPage{
			Status: http.StatusConflict, Title: "Another administrator is logged in", Reason: sentence(other.Error()),
			Hint: "Nothing was changed. What was typed is kept for a day, for " + other.owner + " in this browser.",
		}
	}
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

// redirectToLogin leads to the login page, and from there back. What was typed in a posted
// form is kept for the administrator who loaded the form. Nothing leads a browser away that
// asks for a part of a page: something may be typed there.
func (p *pages) redirectToLogin(ctx context.Context, w http.ResponseWriter, r *request) {
	if r.isHTMX() {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	next, notice := p.returnPath(r), ""
	if _, err := r.Cookie(p.sessions.SCS.Cookie.Name); err == nil {
		notice = noticeEnded
	}
	if r.Method == http.MethodPost {
		switch page, kept := p.keepForLogin(ctx, w, r); {
		case !kept:
			notice = noticeLost
		case page != "":
			next, notice = page, noticeKept
		}
	}
	http.Redirect(w, r.Request, listAddress("/login", "next", nextOf(next), "notice", notice), http.StatusSeeOther)
}

// returnPath is the page to show after the login.
func (p *pages) returnPath(r *request) string {
	switch {
	case r.URL.Path == "/config/banner":
		return "/"
	case r.Method == http.MethodGet:
		return localPath(r.URL.RequestURI())
	}
	return p.pageOf(r)
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

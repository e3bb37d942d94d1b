package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

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

// renderError answers with the page that fits err.
func (v *pageHandler) renderError(err error) {
	if errors.Is(err, access.ErrLoginRequired) {
		v.redirectToLogin()
		return
	}
	if v.r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there to read it
	}
	f := v.errorPage(err)
	if errors.Is(err, store.ErrInvalid) && v.r.Method != http.MethodPost {
		f.FirstPage = v.r.URL.EscapedPath()
	}
	v.setRetryAfter(err)
	if err := v.renderStatus(f.Status, "errorpage", f.Title, f); err != nil {
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// errorPage is what a visitor is told of err; the log is told what a visitor is
// not.
func (v *pageHandler) errorPage(err error) errorPage {
	f := errorPageOf(err)
	if f.Status == http.StatusInternalServerError {
		v.log.ErrorContext(v.r.Context(), "page failed", "route", v.r.Pattern, "error", err)
	}
	return f
}

// setRetryAfter tells programs when to try again, where err says so.
func (v *pageHandler) setRetryAfter(err error) {
	if throttled, ok := errors.AsType[*store.RateLimitedError](err); ok {
		v.w.Header().Set("Retry-After", strconv.Itoa(throttled.RetryAfterSeconds()))
	}
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

// redirectToLogin has the visitor log in and come back. What was posted is lost:
// it was not sent by somebody who was logged in.
func (v *pageHandler) redirectToLogin() {
	query := url.Values{}
	if back := v.returnPath(); back != "/" {
		query.Set("next", back)
	}
	if _, err := v.r.Cookie(v.sessions.SCS.Cookie.Name); err == nil {
		query.Set("notice", noticeEnded)
	}
	target := "/login"
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	if v.isHTMX() {
		v.w.Header().Set("Hx-Redirect", target)
		v.w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
}

// returnPath is the page to come back to after a login.
func (v *pageHandler) returnPath() string {
	if v.isHTMX() {
		return v.currentPage()
	}
	if v.r.URL.Path == "/config/banner" {
		return "/"
	}
	if v.r.Method == http.MethodGet {
		return localPath(v.r.URL.RequestURI())
	}
	getReq := v.r.Clone(v.r.Context())
	getReq.Method = http.MethodGet
	if _, pattern := v.mux.Handler(getReq); pattern == "" {
		return "/"
	}
	return localPath(v.r.URL.EscapedPath())
}

// currentPage is the page that the browser shows while htmx asks for a part.
func (v *pageHandler) currentPage() string {
	current, err := url.Parse(v.r.Header.Get("Hx-Current-Url"))
	if err != nil {
		return "/"
	}
	return localPath(current.RequestURI())
}

// sentence begins with a capital and ends with a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	if first := text[0]; first >= 'a' && first <= 'z' {
		text = string(first-'a'+'A') + text[1:]
	}
	if last := text[len(text)-1]; last != '.' && last != '?' && last != '!' {
		text += "."
	}
	return text
}

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

// failure is what a page says about an error.
type failure struct {
	Status int
	Title  string
	Reason string
	WayOut string
	// FirstPage is the list that the address asked something impossible of.
	FirstPage string
}

// fail answers with the page that fits err.
func (v *visit) fail(err error) {
	if errors.Is(err, access.ErrLoginNeeded) {
		v.sendToLogin()
		return
	}
	if v.r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there to read it
	}
	f := v.failure(err)
	if errors.Is(err, store.ErrInvalid) && v.r.Method != http.MethodPost {
		f.FirstPage = v.r.URL.EscapedPath()
	}
	v.retryAfter(err)
	if err := v.showStatus(f.Status, "failure", f.Title, f); err != nil {
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// failure is what a visitor is told of err; the log is told what a visitor is
// not.
func (v *visit) failure(err error) failure {
	f := failureOf(err)
	if f.Status == http.StatusInternalServerError {
		v.log.ErrorContext(v.r.Context(), "page failed", "route", v.r.Pattern, "error", err)
	}
	return f
}

// retryAfter tells programs when to try again, where err says so.
func (v *visit) retryAfter(err error) {
	if throttled, ok := errors.AsType[*store.ThrottledError](err); ok {
		v.w.Header().Set("Retry-After", strconv.Itoa(throttled.Seconds()))
	}
}

func failureOf(err error) failure {
	var answered *statusError
	switch {
	case errors.As(err, &answered):
		return failureOfStatus(answered.status)
	case errors.Is(err, store.ErrForbidden):
		return failure{Status: http.StatusForbidden, Title: "Not allowed", Reason: sentence(err.Error()), WayOut: "Nothing was changed."}
	case errors.Is(err, store.ErrNotFound):
		return failure{Status: http.StatusNotFound, Title: "Not found", Reason: sentence(err.Error()), WayOut: "It may have been deleted. Go back to the list."}
	case errors.Is(err, store.ErrThrottled):
		return failure{Status: http.StatusTooManyRequests, Title: "Too many tries", Reason: sentence(err.Error())}
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrInUse), errors.Is(err, store.ErrExists):
		return failure{Status: http.StatusConflict, Title: "Not possible now", Reason: sentence(err.Error()), WayOut: "Nothing was changed."}
	case errors.Is(err, store.ErrInvalid):
		return failure{Status: http.StatusBadRequest, Title: "Not understood", Reason: sentence(err.Error()), WayOut: "Nothing was changed."}
	}
	return failureOfStatus(http.StatusInternalServerError)
}

func failureOfStatus(status int) failure {
	f := failure{Status: status, Title: http.StatusText(status)}
	switch status {
	case http.StatusBadRequest:
		f.Reason, f.WayOut = "The server did not understand what was sent.", "Nothing was changed. Load the page again and try once more."
	case http.StatusNotFound:
		f.Title, f.Reason, f.WayOut = "Not found", "There is no such page.", "Check the address, or begin at the overview."
	case http.StatusMethodNotAllowed:
		f.Title, f.Reason = "Not possible this way", "This address is not a page of its own."
		f.WayOut = "Begin at the overview."
	case http.StatusRequestEntityTooLarge:
		f.Title, f.Reason = "Too much at once", fmt.Sprintf("A form may hold at most %d KiB.", maxForm>>10)
		f.WayOut = "Nothing was changed."
	case http.StatusUnsupportedMediaType:
		f.Title, f.Reason = "Not understood", "This server takes what its own forms send."
		f.WayOut = "Nothing was changed. Programs use the API."
	case http.StatusInternalServerError:
		f.Title, f.Reason = "Something went wrong", "The server could not do this."
		f.WayOut = "Try again. If it happens once more, the log of the server says why."
	}
	return f
}

// sendToLogin has the visitor log in and come back. What was posted is lost:
// it was not sent by somebody who was logged in.
func (v *visit) sendToLogin() {
	query := url.Values{}
	if back := v.wayBack(); back != "/" {
		query.Set("next", back)
	}
	if _, err := v.r.Cookie(v.gate.Sessions.Cookie.Name); err == nil {
		query.Set("notice", noticeEnded)
	}
	target := "/login"
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	if v.partial() {
		v.w.Header().Set("Hx-Redirect", target)
		v.w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(v.w, v.r, target, http.StatusSeeOther)
}

// wayBack is the page to come back to after a login.
func (v *visit) wayBack() string {
	if v.partial() {
		return v.shownPage()
	}
	if v.r.URL.Path == "/config/banner" {
		return "/"
	}
	if v.r.Method == http.MethodGet {
		return localPath(v.r.URL.RequestURI())
	}
	again := v.r.Clone(v.r.Context())
	again.Method = http.MethodGet
	if _, pattern := v.mux.Handler(again); pattern == "" {
		return "/"
	}
	return localPath(v.r.URL.EscapedPath())
}

// shownPage is the page that the browser shows while htmx asks for a part.
func (v *visit) shownPage() string {
	shown, err := url.Parse(v.r.Header.Get("Hx-Current-Url"))
	if err != nil {
		return "/"
	}
	return localPath(shown.RequestURI())
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

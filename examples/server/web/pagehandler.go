package web

import (
	"errors"
	"mime"
	"net/http"
	"net/url"

	"github.com/pbxusers/pbxusers/ampusers"
)

// maxForm bounds a form, in bytes. The largest fields are 512 networks and 64
// event filters.
const maxForm = 1 << 20

// pageHandler is one request, and who makes it.
type pageHandler struct {
	*pages

	w http.ResponseWriter
	r *http.Request
	// admin is nil while nobody is logged in.
	admin *ampusers.Administrator
}

// serve admits visitors to a route, and answers errors with a page.
func (p *pages) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &pageHandler{pages: p, w: w, r: r}
		err := v.authorize(rt) //nolint:contextcheck // v holds the request, and its context
		if err == nil {
			err = rt.handle(v)
		}
		if err != nil {
			v.renderError(err) //nolint:contextcheck // v holds the request, and its context
		}
	})
}

func (v *pageHandler) authorize(rt route) error {
	if v.r.Method == http.MethodPost {
		if err := v.readForm(rt); err != nil {
			return err
		}
	}
	v.admin = v.sessions.Administrator(v.r.Context()) // a page that refuses has the menu, too
	if rt.open {
		return nil
	}
	_, err := v.sessions.Require(v.r.Context(), rt.section)
	return err
}

// readForm reads what was posted, but for files, which the page reads.
func (v *pageHandler) readForm(rt route) error {
	mediaType, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if rt.upload && mediaType == "multipart/form-data" {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxUpload)
		return nil
	}
	if !isForm(v.r) {
		return &statusError{status: http.StatusUnsupportedMediaType}
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		return formReadError(err)
	}
	return nil
}

// isForm reports whether there is a form in r, or nothing: what is sent in
// another way must not stand for an empty form.
func isForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.ContentLength == 0 || err == nil && mediaType == "application/x-www-form-urlencoded"
}

func formReadError(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return &statusError{status: http.StatusRequestEntityTooLarge}
	}
	return &statusError{status: http.StatusBadRequest}
}

// form is what was posted.
func (v *pageHandler) form() url.Values { return v.r.PostForm }

// administrators are those that the visitor may see and change.
func (v *pageHandler) administrators() *ampusers.Service {
	return v.site.Administrators.ForActor(v.admin.Username)
}

// isHTMX reports whether htmx asks for a part of the page.
func (v *pageHandler) isHTMX() bool { return v.r.Header.Get("Hx-Request") == "true" }

// redirect has the browser get another page.
func (v *pageHandler) redirect(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// redirectWithFlash says what was done on the next page, which is path.
func (v *pageHandler) redirectWithFlash(path, message string) error {
	v.sessions.SCS.Put(v.r.Context(), flashKey, message)
	return v.redirect(path)
}

// redirectWithWarning says what went wrong on the next page, which is path.
func (v *pageHandler) redirectWithWarning(path, message string) error {
	v.sessions.SCS.Put(v.r.Context(), warningKey, message)
	return v.redirect(path)
}

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

// visit is one request, and who makes it.
type visit struct {
	*pages

	w http.ResponseWriter
	r *http.Request
	// visitor is nil while nobody is logged in.
	visitor *ampusers.Administrator
}

// serve admits visitors to a route, and answers errors with a page.
func (p *pages) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := &visit{pages: p, w: w, r: r}
		err := v.admit(rt) //nolint:contextcheck // v holds the request, and its context
		if err == nil {
			err = rt.handle(v)
		}
		if err != nil {
			v.fail(err) //nolint:contextcheck // v holds the request, and its context
		}
	})
}

func (v *visit) admit(rt route) error {
	if v.r.Method == http.MethodPost {
		if err := v.readForm(rt); err != nil {
			return err
		}
	}
	v.visitor = v.gate.Visitor(v.r.Context()) // a page that refuses has the menu, too
	if rt.open {
		return nil
	}
	_, err := v.gate.Require(v.r.Context(), rt.section)
	return err
}

// readForm reads what was posted, but for files, which the page reads.
func (v *visit) readForm(rt route) error {
	kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if rt.upload && kind == "multipart/form-data" {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxUpload)
		return nil
	}
	if !isForm(v.r) {
		return &statusError{status: http.StatusUnsupportedMediaType}
	}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		return unreadable(err)
	}
	return nil
}

// isForm reports whether there is a form in r, or nothing: what is sent in
// another way must not stand for an empty form.
func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.ContentLength == 0 || err == nil && kind == "application/x-www-form-urlencoded"
}

func unreadable(err error) error {
	if errors.As(err, new(*http.MaxBytesError)) {
		return &statusError{status: http.StatusRequestEntityTooLarge}
	}
	return &statusError{status: http.StatusBadRequest}
}

// form is what was posted.
func (v *visit) form() url.Values { return v.r.PostForm }

// administrators are those that the visitor may see and change.
func (v *visit) administrators() *ampusers.Service {
	return v.site.Administrators.As(v.visitor.Username)
}

// partial reports whether htmx asks for a part of the page.
func (v *visit) partial() bool { return v.r.Header.Get("Hx-Request") == "true" }

// redirect has the browser get another page.
func (v *visit) redirect(path string) error {
	http.Redirect(v.w, v.r, path, http.StatusSeeOther)
	return nil
}

// done says what was done on the next page, which is path.
func (v *visit) done(path, said string) error {
	v.gate.Sessions.Put(v.r.Context(), flashKey, said)
	return v.redirect(path)
}

// warn says what went wrong on the next page, which is path.
func (v *visit) warn(path, said string) error {
	v.gate.Sessions.Put(v.r.Context(), warningKey, said)
	return v.redirect(path)
}

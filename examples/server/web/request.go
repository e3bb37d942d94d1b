package web

import (
	"context"
	"errors"
	"mime"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
)

// maxForm bounds a form, in bytes. The largest fields are 512 networks and 64
// event filters.
const maxForm = 1 << 20

// request is a request and the administrator who sent it.
type request struct {
	*http.Request

	// admin is nil when nobody is logged in.
	admin *ampusers.Administrator
}

// handler answers a request. An error is answered with the page that fits it.
type handler func(ctx context.Context, r *request) (response, error)

// isHTMX reports whether htmx asks for a part of the page.
func (r *request) isHTMX() bool { return r.Header.Get("Hx-Request") == "true" }

// query returns a parameter of the address.
func (r *request) query(name string) string { return r.URL.Query().Get(name) }

// form returns a value of the posted form.
func (r *request) form(name string) string { return r.PostForm.Get(name) }

// serve authorizes the requests of a route, and writes its responses and errors.
func (p *pages) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, httpReq *http.Request) {
		ctx, r := httpReq.Context(), &request{Request: httpReq}
		err := p.authorize(ctx, w, r, rt)
		var answer response
		if err == nil {
			answer, err = rt.handle(ctx, r)
		}
		if err == nil {
			err = answer.write(ctx, p, w, r)
		}
		if err != nil {
			p.writeError(ctx, w, r, err)
		}
	})
}

func (p *pages) authorize(ctx context.Context, w http.ResponseWriter, r *request, rt route) error {
	if r.Method == http.MethodPost {
		if err := readForm(w, r, rt); err != nil {
			return err
		}
	}
	r.admin = p.sessions.Administrator(ctx) // error pages have the menu, too
	if rt.open {
		return nil
	}
	_, err := p.sessions.Require(ctx, rt.section)
	return err
}

// readForm parses the posted form. The handler of an upload reads it itself.
func readForm(w http.ResponseWriter, r *request, rt route) error {
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if rt.upload && mediaType == "multipart/form-data" {
		r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
		return nil
	}
	if !isForm(r.Request) {
		return errNoForm
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	err := r.ParseForm()
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return errTooLarge
	case err != nil:
		return errBadRequest
	}
	return nil
}

// isForm reports whether r has a form or no body. A body of another type must
// not count as an empty form.
func isForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.ContentLength == 0 || err == nil && mediaType == "application/x-www-form-urlencoded"
}

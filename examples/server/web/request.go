package web

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
	"github.com/pbxusers/pbxusers/internal/httplimit"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// maxForm bounds a form, in bytes. The largest fields are 512 networks and 64
// event filters.
const maxForm = 1 << 20

// request is a request and the administrator who sent it.
type request struct {
	*http.Request

	// admin is nil when nobody is logged in.
	admin *ampusers.Administrator
	// draft is the input of the form that was sent, or, for a page, the input that its
	// form is filled with; nil without one. shown is the status of the answer to a form
	// that a page of its own shows.
	draft *forms.Draft
	shown int
	// browser is the secret in the cookie of drafts, once it was read or set.
	browser string
}

// handler answers a request. An error is answered with the page that fits it.
type handler func(ctx context.Context, r *request) (response, error)

// isHTMX reports whether htmx asks for a part of the page.
func (r *request) isHTMX() bool { return r.Header.Get("Hx-Request") == "true" }

// query returns a parameter of the address.
func (r *request) query(name string) string { return r.URL.Query().Get(name) }

// form returns a value of the posted form.
func (r *request) form(name string) string { return r.PostForm.Get(name) }

// serve authorizes the requests of a route, and writes its responses and errors. A page may
// be asked for with the answer to its form, which is only for the same session and rights.
func (p *pages) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, httpReq *http.Request) {
		ctx, r := httpReq.Context(), &request{Request: httpReq}
		r.admin = p.sessions.Administrator(ctx) // error pages have the menu, too
		written, err := p.openDraft(ctx, w, r)
		if err == nil && !written {
			err = p.authorize(ctx, w, r, rt)
		}
		switch {
		case written:
		case err != nil:
			p.writeError(ctx, w, r, err)
		case r.Method == http.MethodPost:
			p.submit(ctx, w, r, rt)
		default:
			p.answer(ctx, w, r, rt)
		}
	})
}

// answer handles a request, and writes the response or the error.
func (p *pages) answer(ctx context.Context, w http.ResponseWriter, r *request, rt route) {
	answer, err := rt.handle(ctx, r)
	if err == nil {
		err = answer.write(ctx, p, w, r)
	}
	if err != nil {
		p.writeError(ctx, w, r, err)
	}
}

// authorize authorizes the administrator before it reads the form. An administrator without
// access gets back what was typed.
func (p *pages) authorize(ctx context.Context, w http.ResponseWriter, r *request, rt route) error {
	var denied error
	if !rt.open {
		_, denied = p.sessions.Require(ctx, rt.section)
	}
	if r.Method != http.MethodPost || errors.Is(denied, websession.ErrLoginRequired) {
		return denied
	}
	if err := readForm(w, r, rt); err != nil {
		return cmp.Or(denied, err)
	}
	if _, ok := p.forms.Owner(r.form(forms.TokenField)); ok && !rt.open && !r.isHTMX() {
		r.draft = forms.NewDraft(p.pageOf(r), r.URL.RequestURI(), r.PostForm)
	}
	return cmp.Or(denied, audit.CheckPrecondition(ctx)) // the form may have taken long
}

// readForm parses the posted form. The handler of an upload reads it itself.
func readForm(w http.ResponseWriter, r *request, rt route) error {
	limit := int64(maxForm)
	mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	upload := rt.upload && mediaType == "multipart/form-data"
	switch {
	case upload:
		limit = maxUpload
	case !isForm(r.Request):
		return errNoForm
	case rt.open:
		limit = httplimit.MaxAnonymousBytes
	}
	r.Body = body{http.MaxBytesReader(w, r.Body, limit)}
	if upload {
		return nil
	}
	return formError(r.ParseForm())
}

// formError returns the error to show for a form that cannot be read.
func formError(err error) error {
	if _, shown := errors.AsType[statusError](err); err == nil || shown || errors.Is(err, store.ErrBusy) {
		return err
	}
	return errBadRequest
}

// body is the body of a request. Its errors are those to show.
type body struct{ io.ReadCloser }

func (b body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, store.ErrBusy) {
		err = statusError(httplimit.ErrorStatus(err))
	}
	return n, err
}

// isForm reports whether r has a form or no body. A body of another type must
// not count as an empty form.
func isForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.ContentLength == 0 || err == nil && mediaType == "application/x-www-form-urlencoded"
}

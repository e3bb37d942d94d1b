package web

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pbxusers/pbxusers/examples/server/web/forms"
)

// response is the answer of a handler.
type response interface {
	write(ctx context.Context, p *pages, w http.ResponseWriter, r *request) error
}

// page is a whole page: a template and its data.
type page struct {
	// Status defaults to 200.
	Status      int
	Name, Title string
	Body        any
	// RetryAfter is the header of that name in seconds; 0 leaves it out.
	RetryAfter int
	// Header changes the header of the response; nil changes nothing.
	Header func(http.Header)
}

func (a page) write(ctx context.Context, p *pages, w http.ResponseWriter, r *request) error {
	if a.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(a.RetryAfter))
	}
	if a.Header != nil {
		a.Header(w.Header())
	}
	return p.writeTemplate(ctx, w, r, cmp.Or(a.Status, http.StatusOK), a.Name, "layout", p.layout(ctx, r, a))
}

// formPage is a page with a form: its status and its Retry-After are those of
// the errors.
func formPage(errs formErrors, name, title string, body any) page {
	return page{Status: errs.status, Name: name, Title: title, Body: body, RetryAfter: errs.retryAfter}
}

// fragment is a part of a page, for htmx.
type fragment struct {
	Name string
	Body any
}

func (a fragment) write(ctx context.Context, p *pages, w http.ResponseWriter, r *request) error {
	return p.writeTemplate(ctx, w, r, http.StatusOK, fragments, a.Name, a.Body)
}

// Keys of the session: what the next page shows.
const (
	flashKey   = "web.flash"
	warningKey = "web.warning"
	undoKey    = "web.undo"
)

// popSession returns and removes a value of the session. HEAD shows nothing, and
// so removes nothing.
func (p *pages) popSession(ctx context.Context, r *request, key string) string {
	if r.Method == http.MethodHead {
		return ""
	}
	return p.sessions.SCS.PopString(ctx, key)
}

// undo is the form that takes back what was done: the address of the inverse action,
// and its values.
type undo struct {
	Action string     `json:"action"`
	Values url.Values `json:"values"`
}

// redirect leads to another page, which shows the flash and the warning. htmx, which takes a
// part of that page, gets neither.
type redirect struct {
	Path, Flash, Warning string
	// Undo takes back what the flash says was done. Its zero value offers nothing.
	Undo undo
	// Cookie is set in the browser; nil sets none.
	Cookie *http.Cookie
}

func (a redirect) write(ctx context.Context, p *pages, w http.ResponseWriter, r *request) error {
	if a.Flash != "" && !r.isHTMX() {
		flash := a.Flash
		if r.form(undoneChange) != "" {
			flash = "Undone. " + flash
		}
		p.sessions.SCS.Put(ctx, flashKey, flash)
		p.putUndo(ctx, a.Undo)
	}
	if a.Warning != "" && !r.isHTMX() {
		p.sessions.SCS.Put(ctx, warningKey, a.Warning)
	}
	if a.Cookie != nil {
		http.SetCookie(w, a.Cookie)
	}
	http.Redirect(w, r.Request, a.Path, http.StatusSeeOther)
	return nil
}

// putUndo offers to take back what the next flash says, and nothing that an earlier
// one said.
func (p *pages) putUndo(ctx context.Context, u undo) {
	p.sessions.SCS.Remove(ctx, undoKey)
	if u.Action == "" {
		return
	}
	if encoded, err := json.Marshal(u); err == nil {
		p.sessions.SCS.Put(ctx, undoKey, string(encoded))
	}
}

// popUndo returns what takes back what the flash says; nil for nothing.
func (p *pages) popUndo(ctx context.Context, r *request) *undo {
	u := &undo{}
	if json.Unmarshal([]byte(p.popSession(ctx, r, undoKey)), u) != nil {
		return nil
	}
	return u
}

// file is a response that is not a page.
type file struct {
	// Status defaults to 200.
	Status      int
	ContentType string
	Body        []byte
	// Header holds more headers. Without Cache-Control the file is not stored.
	Header map[string]string
}

func (a file) write(_ context.Context, _ *pages, w http.ResponseWriter, _ *request) error {
	w.Header().Set("Cache-Control", "no-store")
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(cmp.Or(a.Status, http.StatusOK))
	_, _ = w.Write(a.Body)
	return nil
}

// download is a file that is sent as it is written.
type download struct {
	Name  string
	Write func(io.Writer) error
}

func (a download) write(_ context.Context, _ *pages, w http.ResponseWriter, r *request) error {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8; header=present")
	w.Header().Set("Content-Disposition", `attachment; filename="`+a.Name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	if r.Method == http.MethodHead {
		return nil
	}
	buffer := bufio.NewWriterSize(w, 64<<10)
	if err := a.Write(buffer); err != nil {
		// Half a file must not look complete.
		panic(http.ErrAbortHandler)
	}
	_ = buffer.Flush()
	return nil
}

// noContent answers htmx that nothing has changed.
func noContent() response { return file{Status: http.StatusNoContent} }

// writeTemplate renders everything before it sends anything, so that a failure
// is not half a page. Browsers store no page: many show secrets, and none may
// come back after a logout.
func (p *pages) writeTemplate(ctx context.Context, w http.ResponseWriter, r *request, status int, set, name string, data any) error {
	var buf bytes.Buffer
	if err := p.templates[set].ExecuteTemplate(&buf, name, data); err != nil {
		return err
	}
	body := buf.Bytes()
	if r.draft != nil && r.Method == http.MethodGet && set != fragments && status < http.StatusBadRequest {
		body = r.draft.Fill(body, r.URL.Path)
	}
	body = forms.WithToken(body, func() string { return p.forms.Token(ownerOf(r.admin)) })
	if set != fragments && p.redirectToAnswer(ctx, w, r, status, body) {
		return nil
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "HX-Request")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
	return nil
}

package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/idempotency"
)

// maxSubmission bounds the time of a submission. It does not end when the browser closes
// the connection, which it does when a form is submitted twice.
const maxSubmission = 2 * time.Minute

// errNoAnswer means that a submission ended without an answer.
var errNoAnswer = errors.New("the submission ended without an answer")

// ownerOf identifies the administrator of a form, "" for a visitor.
func ownerOf(a *ampusers.Administrator) string {
	if a == nil {
		return ""
	}
	return a.Username + "\n" + strconv.FormatInt(a.CreatedAt.UnixMicro(), 36)
}

// submit runs a form that was submitted. A form that is submitted twice runs once: both
// submissions get the same answer. This includes a secret that is shown only once, but
// only for the same session, and for a minute.
func (p *pages) submit(ctx context.Context, w http.ResponseWriter, r *request, rt route) {
	token := r.form(forms.TokenField)
	owner, ok := p.forms.Owner(token)
	if !ok || r.isHTMX() {
		p.answer(ctx, w, r, rt)
		return
	}
	if r.draft != nil && owner != ownerOf(r.admin) {
		p.writeError(ctx, w, r, p.keepForOwner(ctx, w, r, owner))
		return
	}
	submitted := &idempotency.Request{
		Key: token, Place: []string{"pages", p.sessions.Rights(ctx), r.URL.RequestURI()}, Body: []byte(r.PostForm.Encode()),
	}
	if r.admin != nil || p.sessions.PendingMFA(ctx) != "" {
		submitted.Session = p.sessions.Token(ctx) // the session of a visitor may begin with the first answer
	}
	copied := &copiedResponse{ResponseWriter: w}
	saved, repeated, err := p.responses.Once(ctx, submitted, func(ctx context.Context) (idempotency.Answer, error) {
		ctx, cancel := context.WithTimeout(ctx, maxSubmission)
		defer cancel()
		r.Request = r.WithContext(ctx)
		p.answer(ctx, copied, r, rt)
		return p.savedAnswer(ctx, copied, r, rt)
	})
	if err == nil && repeated {
		err = p.repeatAnswer(ctx, w, saved)
	}
	switch {
	case err == nil || errors.Is(err, errNoAnswer):
	case copied.Status != 0:
		p.log.WarnContext(ctx, "the answer to a form was not saved", "route", r.Pattern, "error", err)
	default:
		p.writeError(ctx, w, r, err)
	}
}

// copiedResponse copies the response that it writes.
type copiedResponse struct {
	http.ResponseWriter
	savedResponse
}

// savedResponse is a response for other submissions. Session is what the request has put
// into the session.
type savedResponse struct {
	Status  int         `json:"status"`
	Head    http.Header `json:"head"`
	Body    []byte      `json:"body"`
	Session []byte      `json:"session,omitempty"`
}

func (c *copiedResponse) WriteHeader(status int) {
	c.ResponseWriter.WriteHeader(status) // which stores the session and may set its cookie
	c.Status, c.Head = status, c.Header().Clone()
}

func (c *copiedResponse) Write(body []byte) (int, error) {
	if c.Status == 0 {
		c.WriteHeader(http.StatusOK)
	}
	c.Body = append(c.Body, body...)
	return c.ResponseWriter.Write(body)
}

// Unwrap supports [http.ResponseController].
func (c *copiedResponse) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// savedAnswer returns the answer for other submissions of the same form. Errors are only
// for submissions that wait for it, so that the same input can be sent again. An answer to
// a visitor is saved only if it changed something, which the services limit.
func (p *pages) savedAnswer(ctx context.Context, c *copiedResponse, r *request, rt route) (answer idempotency.Answer, err error) {
	if c.Status == 0 {
		return answer, errNoAnswer
	}
	if c.Session, err = p.sessions.Changes(ctx); err != nil {
		return answer, err
	}
	answer.Save = c.Status < http.StatusBadRequest && r.shown < http.StatusBadRequest && (!rt.open || c.Status == http.StatusSeeOther)
	answer.Body, err = json.Marshal(c.savedResponse)
	return answer, err
}

// repeatAnswer writes the answer of another submission.
func (p *pages) repeatAnswer(ctx context.Context, w http.ResponseWriter, saved []byte) error {
	var c savedResponse
	if err := json.Unmarshal(saved, &c); err != nil {
		return err
	}
	if err := p.sessions.RepeatChanges(ctx, c.Session); err != nil {
		return err
	}
	maps.Copy(w.Header(), c.Head)
	w.WriteHeader(c.Status)
	_, _ = w.Write(c.Body)
	return nil
}

// Parameters of the address of a page: the draft with which its form is filled, and the
// draft whose answer is shown instead of the page.
const (
	draftParam  = "draft"
	answerParam = "answer"
)

// withDraft is the address of a page with a draft.
func withDraft(page, param, id string) string {
	u, err := url.Parse(page)
	if err != nil {
		return "/"
	}
	query := u.Query()
	query.Set(param, id)
	u.RawQuery = query.Encode()
	return u.RequestURI()
}

// pageOf is the address of the page that a form was sent from: that which the browser
// names, or else the nearest page above the address of the form.
func (p *pages) pageOf(r *request) string {
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
		query := from.Query()
		query.Del(draftParam)
		query.Del(answerParam)
		from.RawQuery = query.Encode()
		if page := localPath(from.RequestURI()); p.isPage(r, from) && page != "/" {
			return page
		}
	}
	path := r.URL.EscapedPath()
	for ; path != ""; path = path[:strings.LastIndex(path, "/")] {
		if above, err := url.Parse(path); err == nil && p.isPage(r, above) {
			return localPath(path)
		}
	}
	return "/"
}

// isPage reports whether an address leads to a page.
func (p *pages) isPage(r *request, address *url.URL) bool {
	_, pattern := p.mux.Handler(&http.Request{Method: http.MethodGet, Host: r.Host, URL: &url.URL{Path: address.Path, RawPath: address.RawPath}})
	return pattern != ""
}

// reader returns who may read a draft. A browser without the cookie gets it; w is nil to
// read only.
func (p *pages) reader(w http.ResponseWriter, r *request, owner string) forms.Reader {
	name := p.sessions.CookieName("pbxusers_draft")
	if cookie, err := r.Cookie(name); err == nil && r.browser == "" {
		r.browser = cookie.Value
	}
	if r.browser == "" && w != nil {
		r.browser = rand.Text()
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure where the server is reached by https
			Name: name, Value: r.browser, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: p.sessions.SCS.Cookie.Secure,
		})
	}
	return forms.Reader{Owner: owner, Browser: r.browser}
}

// keepForLogin keeps the form that a browser sent after its session has ended, for the
// administrator who loaded it. It returns the address of the filled form, "" if nothing was
// typed, and false if the input is lost.
func (p *pages) keepForLogin(ctx context.Context, w http.ResponseWriter, r *request) (page string, kept bool) {
	if err := readForm(w, r, route{open: true}); err != nil {
		return "", false
	}
	owner, ok := p.forms.Owner(r.form(forms.TokenField))
	d := forms.NewDraft(p.pageOf(r), r.URL.RequestURI(), r.PostForm)
	if len(d.Typed()) == 0 && len(d.Secrets) == 0 {
		return "", true
	}
	if !ok || owner == "" {
		return "", false
	}
	if err := p.forms.Save(ctx, d, p.reader(w, r, owner)); err != nil {
		p.log.WarnContext(ctx, "the input of a form was not kept", "route", r.Pattern, "error", err)
		return "", false
	}
	return withDraft(d.Page, draftParam, d.ID), true
}

// otherAdministratorError means that another administrator loaded the form.
type otherAdministratorError struct {
	// owner loaded the form, and next is the filled form.
	owner, next string
}

func (e *otherAdministratorError) Error() string {
	return e.owner + " loaded this form, but you are logged in as another administrator"
}

// keepForOwner keeps a form for the administrator who loaded it, and returns the error to
// show to the administrator who is logged in by now.
func (p *pages) keepForOwner(ctx context.Context, w http.ResponseWriter, r *request, owner string) error {
	d := r.draft
	r.draft = forms.NewDraft(d.Page, d.Action, nil) // the answer is not for the owner
	name, _, _ := strings.Cut(owner, "\n")
	failed := &otherAdministratorError{owner: name, next: d.Page}
	if len(d.Typed()) == 0 && len(d.Secrets) == 0 {
		return failed
	}
	if err := p.forms.Save(ctx, d, p.reader(w, r, owner)); err != nil {
		return err
	}
	failed.next = withDraft(d.Page, draftParam, d.ID)
	return failed
}

// shownAnswer is the answer to a form that its draft shows.
type shownAnswer struct {
	Status     int    `json:"status"`
	RetryAfter string `json:"retry_after,omitempty"`
	Body       []byte `json:"body"`
}

// redirectToAnswer has the answer to a form be shown by a page of its own, so that the
// browser can reload it and go back to it without sending the form again. It returns false if
// the answer has to be written to the form.
func (p *pages) redirectToAnswer(ctx context.Context, w http.ResponseWriter, r *request, status int, body []byte) bool {
	if r.draft == nil || r.Method != http.MethodPost || r.admin == nil {
		return false
	}
	answer, err := json.Marshal(shownAnswer{status, w.Header().Get("Retry-After"), r.draft.Unsaved(body)})
	if err == nil {
		p.forms.SetAnswer(r.draft, answer, p.answerSession(ctx))
		err = p.forms.Save(ctx, r.draft, p.reader(w, r, ownerOf(r.admin)))
	}
	if err != nil {
		p.log.WarnContext(ctx, "the answer to a form was not kept", "route", r.Pattern, "error", err)
		return false
	}
	r.shown = status
	http.Redirect(w, r.Request, withDraft(r.draft.Page, answerParam, r.draft.ID), http.StatusSeeOther)
	return true
}

// answerSession is what the answer to a form is encrypted for.
func (p *pages) answerSession(ctx context.Context) string {
	return p.sessions.Token(ctx).Reveal() + "\x00" + p.sessions.Rights(ctx)
}

// openDraft reads the draft that the address of a page names. It writes the answer that the
// address asks for, and returns true then. In another session the form is filled instead.
func (p *pages) openDraft(ctx context.Context, w http.ResponseWriter, r *request) (written bool, err error) {
	id := cmp.Or(r.query(answerParam), r.query(draftParam))
	if id == "" || r.admin == nil || r.Method != http.MethodGet {
		return false, nil
	}
	d, err := p.forms.Draft(ctx, id, p.reader(nil, r, ownerOf(r.admin)))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if data, ok := p.forms.Answer(d, p.answerSession(ctx)); ok && r.query(answerParam) != "" {
		return true, writeShownAnswer(w, data)
	}
	if len(d.Typed()) > 0 || len(d.Secrets) > 0 {
		r.draft, r.PostForm = d, d.Values
	}
	return false, nil
}

func writeShownAnswer(w http.ResponseWriter, data []byte) error {
	var shown shownAnswer
	if err := json.Unmarshal(data, &shown); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if shown.RetryAfter != "" {
		w.Header().Set("Retry-After", shown.RetryAfter)
	}
	w.WriteHeader(shown.Status)
	_, _ = w.Write(shown.Body)
	return nil
}

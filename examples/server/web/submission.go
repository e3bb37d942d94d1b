package web

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/server/web/forms"
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
	if _, ok := p.forms.Owner(token); !ok || r.isHTMX() {
		p.answer(ctx, w, r, rt)
		return
	}
	submitted := &idempotency.Request{
		Key: token, Place: []string{"pages", p.sessions.Rights(ctx), r.URL.RequestURI()}, Body: []byte(r.PostForm.Encode()),
	}
	if r.admin != nil || p.sessions.PendingMFA(ctx) != "" {
		submitted.Session = p.sessions.Token(ctx) // that of a visitor may begin with the first answer
	}
	copied := &copiedResponse{ResponseWriter: w}
	saved, repeated, err := p.responses.Once(ctx, submitted, func(ctx context.Context) (idempotency.Answer, error) {
		ctx, cancel := context.WithTimeout(ctx, maxSubmission)
		defer cancel()
		r.Request = r.WithContext(ctx)
		p.answer(ctx, copied, r, rt)
		return p.savedAnswer(ctx, copied, rt)
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
// for those that wait for it. An answer to a visitor is saved only if it changed
// something, which the services limit.
func (p *pages) savedAnswer(ctx context.Context, c *copiedResponse, rt route) (answer idempotency.Answer, err error) {
	if c.Status == 0 {
		return answer, errNoAnswer
	}
	if c.Session, err = p.sessions.Changes(ctx); err != nil {
		return answer, err
	}
	answer.Save = c.Status < http.StatusBadRequest && (!rt.open || c.Status == http.StatusSeeOther)
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

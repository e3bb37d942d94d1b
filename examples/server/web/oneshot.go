package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Keys of the session. Values that are shown only once wait there for their
// page. The last one is followed by the name of an administrator.
const (
	flashKey   = "web.flash"
	warningKey = "web.warning"
	codesKey   = "web.codes."
)

// showOnce has the page at the end of the address of a record show a secret, once.
// since is a time of the record that distinguishes this secret from earlier and
// later ones.
func (rp *record[R]) showOnce(ctx context.Context, now *R, page string, since time.Time, secret string) response {
	rp.stashSecret(ctx, rp.onceKey(page), rp.identity(now), since, secret)
	return redirect{Path: rp.path(now) + page}
}

// takeOnce returns what showOnce stored for the page; "" when it was shown before.
func (rp *record[R]) takeOnce(ctx context.Context, r *request, now *R, page string, since time.Time) string {
	return rp.takeSecret(ctx, r, rp.onceKey(page), rp.identity(now), since)
}

func (rp *record[R]) onceKey(page string) string { return "web." + rp.template + page + "." }

// maxPendingSecrets bounds the secrets of one kind that wait in a session. A
// browser fetches the page immediately, unless its connection fails.
const maxPendingSecrets = 10

// stashSecret stores a secret for the next page about a record.
func (p *pages) stashSecret(ctx context.Context, key, record string, since time.Time, secret string) {
	waiting := 0
	for _, other := range p.sessions.SCS.Keys(ctx) {
		if strings.HasPrefix(other, key) && other != key+record {
			if waiting++; waiting >= maxPendingSecrets {
				p.sessions.SCS.Remove(ctx, other)
			}
		}
	}
	p.sessions.SCS.Put(ctx, key+record, secretPrefix(since)+secret)
}

// takeSecret returns and removes the secret of a record. It returns "" for a
// secret that was replaced since.
func (p *pages) takeSecret(ctx context.Context, r *request, key, record string, since time.Time) string {
	secret, fits := strings.CutPrefix(p.popSession(ctx, r, key+record), secretPrefix(since))
	if !fits {
		return ""
	}
	return secret
}

func secretPrefix(since time.Time) string { return strconv.FormatInt(since.UnixMicro(), 10) + "\n" }

// popSession returns and removes a value of the session. HEAD shows nothing, and
// so removes nothing.
func (p *pages) popSession(ctx context.Context, r *request, key string) string {
	if r.Method == http.MethodHead {
		return ""
	}
	return p.sessions.SCS.PopString(ctx, key)
}

// copyable is a text with a button that copies it. What names the text for the
// button.
type copyable struct{ ID, Text, What string }

func newCopyable(id, text, what string) copyable { return copyable{id, text, what} }

// oncePage shows a secret, once.
type oncePage struct {
	// Kind is "link", "key" or "password", and What is what a link is for.
	Kind, What string
	// To names who gets it, and Expires is zero when it is unknown.
	To      string
	Expires time.Time
	// Secret is empty when it was shown before. TokenID is the ID of the token of a
	// key.
	Secret, TokenID string
	// Again is the page that creates another secret, a link with POST. UserID is
	// the ID of the user that it is for.
	Again  string
	UserID store.UserID
	// Back is the page of the record.
	Back pageLink
}

// linkOnce shows a link, once, and creates another one with the same address.
func linkOnce(r *request, title, what, link string, expires time.Time, to recordUser, back string) response {
	return page{Name: "once", Title: title, Body: oncePage{
		Kind: "link", What: what, To: to.Username, Expires: expires, Secret: link,
		Again: r.URL.EscapedPath(), UserID: to.ID, Back: pageLink{back, to.Username},
	}}
}

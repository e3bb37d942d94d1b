package web

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// showOnce has the page at the end of the address of a record show a secret, once.
// since is a time of the record that distinguishes this secret from earlier and
// later ones.
func (rp *record[R]) showOnce(ctx context.Context, now *R, page string, since time.Time, secret store.Secret) redirect {
	rp.sessions.PutSecret(ctx, rp.template+page, rp.identity(now), since, secret)
	return redirect{Path: rp.path(now) + page}
}

// takeOnce returns what showOnce stored for the page; "" when it was shown before.
func (rp *record[R]) takeOnce(r *request, now *R, page string, since time.Time) string {
	return rp.sessions.TakeSecret(r.Request, rp.template+page, rp.identity(now), since).Reveal()
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
func linkOnce(r *request, title, what, link string, expires time.Time, to *userman.User, back string) response {
	return page{Name: "once", Title: title, Body: oncePage{
		Kind: "link", What: what, To: to.Username, Expires: expires, Secret: link,
		Again: r.URL.EscapedPath(), UserID: to.ID, Back: pageLink{back, to.Username},
	}}
}

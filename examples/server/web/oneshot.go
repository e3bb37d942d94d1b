package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Keys of the session. Values that are shown only once wait there for their
// page. Those with a dot at the end are followed by the key of a record.
const (
	flashKey   = "web.flash"
	warningKey = "web.warning"
	secretKey  = "web.secret."
	linkKey    = "web.link."
	codesKey   = "web.codes."
	// The keys of users end in their IDs: usernames change.
	userLinkKey   = "web.userlink."
	userSecretKey = "web.usersecret."
	softphoneKey  = "web.softphone."
	tokenKey      = "web.token."
)

// maxPendingSecrets bounds the secrets of one kind that wait in a session. A
// browser fetches the page immediately, unless its connection fails.
const maxPendingSecrets = 10

// stashSecret stores a secret for the next page about a record. since is a time
// of the record that distinguishes this secret from earlier and later ones.
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

// copyable is a text with a button that copies it.
type copyable struct {
	ID, Text string
	// What names the text for the button, and Heading is above it; empty for none.
	What, Heading string
}

// oncePage shows a secret, once.
type oncePage struct {
	// Kind is "link", "key" or "password". Intro and Advice are around it.
	Kind, Intro, Advice string
	// Items have no text when they were shown before.
	Items []copyable
	// Again creates another secret, with POST if Post is set. UserID is the ID of
	// the user that it is for.
	Again  pageLink
	Post   bool
	UserID string
	// Back is the page of the record.
	Back pageLink
}

// Shown reports whether the page has the secret.
func (o oncePage) Shown() bool {
	return !slices.ContainsFunc(o.Items, func(c copyable) bool { return c.Text == "" })
}

// linkOnce shows a link, once. expires is zero when it is unknown.
func linkOnce(title, what, link string, expires time.Time, to recordUser, back, again string) response {
	until := ""
	if !expires.IsZero() {
		until = ", until " + clock(expires) + " UTC"
	}
	return page{Name: "once", Title: title, Body: oncePage{
		Kind: "link", Intro: "With this link " + to.Username + " can " + what + ". It works once" + until + ". Earlier links no longer work.",
		Advice: "Send it over a channel that only " + to.Username + " can read.",
		Items:  []copyable{{ID: "link", Text: link, What: "the link"}},
		Again:  pageLink{again, "Create new link"}, Post: true, UserID: to.ID, Back: pageLink{back, to.Username},
	}}
}

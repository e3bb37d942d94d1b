package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Keys of the session. What is shown once waits there for the page that shows
// it.
const (
	flashKey  = "web.flash"
	secretKey = "web.secret."
	linkKey   = "web.link."
	codesKey  = "web.codes."
	// warningKey is to flashKey what went wrong.
	warningKey = "web.warning"
	// Those of people are by their IDs: usernames change.
	personLinkKey   = "web.personlink."
	personSecretKey = "web.personsecret."
	softphoneKey    = "web.softphone."
	tokenKey        = "web.token."
)

// maxWaiting bounds the secrets of one kind that wait in a session: a browser
// gets the page at once, but for one whose connection broke.
const maxWaiting = 10

// showOnce keeps a secret for the next page about that record. since is what
// of the record tells this secret from an earlier or later one.
func (v *visit) showOnce(key, record string, since time.Time, secret string) {
	ctx, waiting := v.r.Context(), 0
	for _, other := range v.gate.Sessions.Keys(ctx) {
		if strings.HasPrefix(other, key) && other != key+record {
			if waiting++; waiting >= maxWaiting {
				v.gate.Sessions.Remove(ctx, other)
			}
		}
	}
	v.gate.Sessions.Put(ctx, key+record, onceOf(since)+secret)
}

// shownOnce returns the secret kept for that record, and forgets it. One that
// was replaced meanwhile is not shown.
func (v *visit) shownOnce(key, record string, since time.Time) string {
	secret, fits := strings.CutPrefix(v.pop(key+record), onceOf(since))
	if !fits {
		return ""
	}
	return secret
}

func onceOf(since time.Time) string { return strconv.FormatInt(since.UnixMicro(), 10) + "\n" }

// pop returns what the session keeps, and forgets it once it is shown: an
// answer to HEAD shows nothing.
func (v *visit) pop(key string) string {
	if v.r.Method == http.MethodHead {
		return ""
	}
	return v.gate.Sessions.PopString(v.r.Context(), key)
}

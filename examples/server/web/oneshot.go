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
	userLinkKey   = "web.userlink."
	userSecretKey = "web.usersecret."
	softphoneKey  = "web.softphone."
	tokenKey      = "web.token."
)

// maxPendingSecrets bounds the secrets of one kind that wait in a session: a browser
// gets the page at once, but for one whose connection broke.
const maxPendingSecrets = 10

// stashSecret keeps a secret for the next page about that record. since is what
// of the record tells this secret from an earlier or later one.
func (v *pageHandler) stashSecret(key, record string, since time.Time, secret string) {
	ctx, waiting := v.r.Context(), 0
	for _, other := range v.sessions.SCS.Keys(ctx) {
		if strings.HasPrefix(other, key) && other != key+record {
			if waiting++; waiting >= maxPendingSecrets {
				v.sessions.SCS.Remove(ctx, other)
			}
		}
	}
	v.sessions.SCS.Put(ctx, key+record, secretPrefix(since)+secret)
}

// takeSecret returns the secret kept for that record, and forgets it. One that
// was replaced meanwhile is not shown.
func (v *pageHandler) takeSecret(key, record string, since time.Time) string {
	secret, fits := strings.CutPrefix(v.popSession(key+record), secretPrefix(since))
	if !fits {
		return ""
	}
	return secret
}

func secretPrefix(since time.Time) string { return strconv.FormatInt(since.UnixMicro(), 10) + "\n" }

// popSession returns what the session keeps, and forgets it once it is shown: an
// answer to HEAD shows nothing.
func (v *pageHandler) popSession(key string) string {
	if v.r.Method == http.MethodHead {
		return ""
	}
	return v.sessions.SCS.PopString(v.r.Context(), key)
}

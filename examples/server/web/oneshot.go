package web

import (
	"context"
	"net/http"
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
// browser fetches the page at once, unless its connection breaks.
const maxPendingSecrets = 10

// stashSecret stores a secret for the next page about a record. since is a time
// of the record that tells this secret from an earlier or later one.
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
	// What names the text for the button.
	What string
}

// linkPage shows a link that works once.
type linkPage struct {
	// UserID is empty when the link is not for a user.
	UserID, Username string
	// What says what the link is for, Again creates another one, and Back is the
	// page of the record.
	What, Again, Back string
	// Link is empty when it was shown before.
	Link copyable
	// Expires is zero when it is unknown.
	Expires time.Time
}

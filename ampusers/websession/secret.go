package websession

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// keySecret begins the keys of secrets that wait for their page.
const keySecret = "access.secret."

// maxPendingSecrets bounds the secrets of one kind that wait in a session. A browser
// fetches the page immediately, unless its connection fails.
const maxPendingSecrets = 10

// PutSecret stores a secret in the session until [Manager.TakeSecret] returns it. A
// form that creates a secret can then redirect to a page that shows it once. Nothing
// shows it again when the browser goes back or reloads. kind is the kind of the secret,
// such as "link", and record the ID of its record. since is a time of the record that
// distinguishes the secret from earlier and later ones, or zero. Ten secrets of a kind
// can wait; another one replaces one of them.
func (m *Manager) PutSecret(ctx context.Context, kind, record string, since time.Time, secret store.Secret) {
	prefix, waiting := keySecret+kind+".", 0
	for _, other := range m.SCS.Keys(ctx) {
		if strings.HasPrefix(other, prefix) && other != prefix+record {
			if waiting++; waiting >= maxPendingSecrets {
				m.SCS.Remove(ctx, other)
			}
		}
	}
	m.SCS.Put(ctx, prefix+record, sincePrefix(since)+secret.Reveal())
}

// TakeSecret removes the secret of [Manager.PutSecret] from the session and returns it.
// It returns a zero secret if it was taken before, or replaced since. A HEAD request
// shows nothing, and so takes nothing.
func (m *Manager) TakeSecret(r *http.Request, kind, record string, since time.Time) store.Secret {
	if r.Method == http.MethodHead {
		return store.Secret{}
	}
	text, fits := strings.CutPrefix(m.SCS.PopString(r.Context(), keySecret+kind+"."+record), sincePrefix(since))
	if !fits {
		return store.Secret{}
	}
	return store.NewSecret(text)
}

func sincePrefix(since time.Time) string { return strconv.FormatInt(since.UnixMicro(), 10) + "\n" }

package access

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"

	"github.com/pbxusers/pbxusers/ampusers"
)

// requestState is what the gate knows of one request.
type requestState struct {
	remoteAddr netip.Addr
	// token is what the visitor showed, and found the hash under which a
	// session was found; empty when there was none.
	token, foundHash string
	// loaded is the session as it was found.
	loaded []byte
	// isBearer says that the token came in a header, and goes in no cookie.
	isBearer bool

	mu    sync.Mutex
	admin *ampusers.Administrator
}

type requestStateKey struct{}

// stateFromContext returns the visit of a request; an empty one outside of
// [Manager.Handler].
func stateFromContext(ctx context.Context) *requestState {
	if v, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		return v
	}
	return &requestState{}
}

// readToken takes the token from the request. A program's comes first: a browser
// sends no Authorization of that kind by itself.
func (v *requestState) readToken(r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		v.token, v.isBearer = strings.TrimSpace(token), true
		return
	}
	if cookie, err := r.Cookie(CookieName); err == nil {
		v.token = cookie.Value
	}
}

func (v *requestState) setAdministrator(a *ampusers.Administrator) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.admin = a
}

func (v *requestState) administrator() *ampusers.Administrator {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.admin
}

package websession

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pbxusers/pbxusers/ampusers"
)

// requestState is the session of one request.
type requestState struct {
	remoteAddr netip.Addr
	userAgent  string
	// token is the token in the request, and foundHash the hash under which its
	// session was found; empty when there was none.
	token, foundHash string
	// loaded is the session before the request.
	loaded []byte
	// isBearer says that the token came in a header. Such a token is not sent in
	// a cookie.
	isBearer bool
	// admin is the administrator who is logged in, nil if there is none.
	admin atomic.Pointer[ampusers.Administrator]
	// sections are those that the request needs, by ID.
	sections sync.Map
}

type requestStateKey struct{}

// stateFromContext returns the state of a request; an empty one outside of
// [Manager.Handler].
func stateFromContext(ctx context.Context) *requestState {
	if v, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		return v
	}
	return &requestState{}
}

// readToken reads the token of the request: a bearer token, or the cookie of that
// name. A bearer token takes precedence: browsers do not send one by themselves.
func (v *requestState) readToken(r *http.Request, cookieName string) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		v.token, v.isBearer = strings.TrimSpace(token), true
		return
	}
	if cookie, err := r.Cookie(cookieName); err == nil {
		v.token = cookie.Value
	}
}

package access

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/pbxusers/pbxusers/ampusers"
)

// visit is what the gate knows of one request.
type visit struct {
	source string
	// token is what the visitor showed, and found the hash under which a
	// session was found; empty when there was none.
	token, found string
	// loaded is the session as it was found.
	loaded []byte
	// program says that the token came in a header, and goes in no cookie.
	program bool

	mu      sync.Mutex
	visitor *ampusers.Administrator
}

type visitKey struct{}

// visitOf returns the visit of a request; an empty one outside of
// [Gate.Handler].
func visitOf(ctx context.Context) *visit {
	if v, ok := ctx.Value(visitKey{}).(*visit); ok {
		return v
	}
	return &visit{}
}

// show takes the token from the request. A program's comes first: a browser
// sends no Authorization of that kind by itself.
func (v *visit) show(r *http.Request) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		v.token, v.program = strings.TrimSpace(token), true
		return
	}
	if cookie, err := r.Cookie(CookieName); err == nil {
		v.token = cookie.Value
	}
}

func (v *visit) is(a *ampusers.Administrator) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.visitor = a
}

func (v *visit) who() *ampusers.Administrator {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.visitor
}

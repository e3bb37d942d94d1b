package serving

import (
	"net/http"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/internal/httplimit"
	"github.com/pbxusers/pbxusers/userman"
)

// Bounds of bodies, in bytes. A form with a picture needs some bytes of its own.
const (
	maxBodyBytes        = 1 << 20
	maxPictureBodyBytes = userman.MaxPictureBytes + 64<<10
)

// limitBodies bounds bodies, and what they take together. Clients who are not logged in
// have a budget of their own, so that they cannot keep administrators out.
func limitBodies(sessions *websession.Manager, next http.Handler) http.Handler {
	anonymous, administrators := httplimit.NewBudget(16<<20, 8<<20), httplimit.NewBudget(32<<20, 16<<20)
	return httplimit.NewBodies(func(r *http.Request) httplimit.Rule {
		rule := httplimit.Rule{MaxBytes: maxBodyBytes, Budget: administrators, Client: sessions.RemoteAddr(r.Context())}
		switch {
		case sessions.Administrator(r.Context()) == nil:
			rule.MaxBytes, rule.Budget = httplimit.MaxAnonymousBytes, anonymous
		case r.Method != http.MethodDelete && strings.HasSuffix(r.URL.Path, "/picture"):
			rule.MaxBytes = maxPictureBodyBytes
		}
		return rule
	}, nil).Handler(next)
}

// securityHeaders sets the security headers.
func (s *Server) securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.setSecurityHeaders(w.Header())
		next.ServeHTTP(w, r)
	})
}

func (s *Server) setSecurityHeaders(header http.Header) {
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	// Other hosts must not learn links with tokens. With "no-referrer" a browser
	// would send a form with "Origin: null", which is rejected.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	// Responses may contain secrets. Handlers of static files override this.
	header.Set("Cache-Control", "no-store")
	if s.base.Scheme == "https" {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// denyForeign answers a request from a page of another web site, or to another host
// name; see [websession.Origin].
func (s *Server) denyForeign(w http.ResponseWriter, r *http.Request, status int) {
	detail := "this request came from a page of another web site and was rejected; start on a page of this server"
	if status == http.StatusMisdirectedRequest {
		detail = "this host name does not belong to this server; use " + s.base.String() + " (set by --base-url)"
	}
	s.writeProblem(w, r, status, detail)
}

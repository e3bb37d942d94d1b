package serving

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/pbxusers/pbxusers/userman"
)

// maxBodyBytes bounds the body of a request, in bytes, and maxPictureBodyBytes that of one
// that brings a picture, with what a form holds besides.
const (
	maxBodyBytes        = 1 << 20
	maxPictureBodyBytes = userman.MaxPictureBytes + maxBodyBytes
)

// limitBody refuses bodies that are too large: at once when the client tells,
// else where it is read.
func (s *Server) limitBody(next http.Handler) http.Handler {
	bounded, pictures := http.MaxBytesHandler(next, maxBodyBytes), http.MaxBytesHandler(next, maxPictureBodyBytes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		picture := strings.HasSuffix(r.URL.Path, "/picture")
		switch {
		case picture && r.ContentLength > maxPictureBodyBytes:
			s.writeProblem(w, r, http.StatusRequestEntityTooLarge, "this is more than the 5 MiB that a picture may have")
		case picture:
			pictures.ServeHTTP(w, r)
		case r.ContentLength > maxBodyBytes:
			s.writeProblem(w, r, http.StatusRequestEntityTooLarge, "this is more than the 1 MiB that a request may hold")
		default:
			bounded.ServeHTTP(w, r)
		}
	})
}

// securityHeaders sets the headers that keep a browser from what nobody wants.
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
	// Links with tokens are told to no other host. With "no-referrer" a
	// browser would send a form with "Origin: null", which is refused.
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	// Answers may show secrets. Files that never change say otherwise.
	header.Set("Cache-Control", "no-store")
	if s.base.Scheme == "https" {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// sameOrigin refuses what pages of other web sites send.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	// A base URL is an origin by now, see [app.ParseBaseURL].
	_ = protection.AddTrustedOrigin(s.base.String())
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.writeProblem(w, r, http.StatusForbidden, "this came from a page of another web site, and nothing was changed; begin on a page of this server")
	}))
	return protection.Handler(next)
}

// sameHost refuses names that are not the server's: a web site could point one
// of its own at this server, and its pages would be of the same origin then
// (DNS rebinding). Nobody can point an address.
func (s *Server) sameHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.isOwnHost(r.Host) {
			s.writeProblem(w, r, http.StatusMisdirectedRequest, "this server does not go by this name; it answers at "+s.base.String()+", which --base-url sets")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOwnHost reports whether the server goes by the host of a request.
func (s *Server) isOwnHost(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || name == s.base.Hostname()
}

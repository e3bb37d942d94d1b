package websession

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// Origin is where browsers reach a product. It protects sessions in cookies against
// pages of other web sites.
type Origin struct {
	// URL has the scheme and the host, such as https://pbx.example.com. Required.
	URL *url.URL
	// Others returns further origins whose host names the product answers to now, such
	// as one that an administrator is about to change to. Defaults to none.
	Others func() []*url.URL
	// Deny answers a request that is rejected, with the status
	// [http.StatusForbidden] for one from another web site, and
	// [http.StatusMisdirectedRequest] for one to another host name. Required.
	Deny func(w http.ResponseWriter, r *http.Request, status int)
}

// Handler serves the requests to this origin with next, and rejects others:
//
//   - Requests from pages of other web sites that may change something, by
//     Sec-Fetch-Site and Origin (CSRF). An origin of HTTPS also rejects those from
//     pages of HTTP, which an attacker on the network can change.
//   - Requests to foreign host names: a web site could point its own name at this
//     server, and its pages would then have the same origin (DNS rebinding). localhost
//     and IP addresses are safe.
func (o *Origin) Handler(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	deny := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { o.Deny(w, r, http.StatusForbidden) })
	if err := protection.AddTrustedOrigin(o.URL.Scheme + "://" + o.URL.Host); err != nil {
		panic("websession: Origin.URL is no origin: " + err.Error())
	}
	protection.SetDenyHandler(deny)
	protected := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !o.isOwnHost(r.Host):
			o.Deny(w, r, http.StatusMisdirectedRequest)
		case o.URL.Scheme == "https" && isPlainOriginChange(r):
			deny(w, r)
		default:
			protected.ServeHTTP(w, r)
		}
	})
}

// isPlainOriginChange reports whether a request may change something, and comes from
// a page that was loaded by plain http. Where a browser sends no Sec-Fetch-Site, the
// protection of net/http compares hosts only.
func isPlainOriginChange(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	scheme, _, _ := strings.Cut(r.Header.Get("Origin"), ":")
	return strings.EqualFold(scheme, "http") && r.Header.Get("Sec-Fetch-Site") == ""
}

// isOwnHost reports whether the host of a request is the name of this origin,
// localhost or an address.
func (o *Origin) isOwnHost(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") || name == o.URL.Hostname() {
		return true
	}
	return o.Others != nil && slices.ContainsFunc(o.Others(), func(u *url.URL) bool { return name == u.Hostname() })
}

// LocalPath returns an address that a request names as the page to show after a login,
// if it is a path on the same host, and "" otherwise: a link to the login page must not
// lead to another host.
func LocalPath(wanted string) string {
	foreign := !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") || strings.Contains(wanted, `\`)
	if foreign || strings.ContainsFunc(wanted, unicode.IsControl) {
		return ""
	}
	u, err := url.Parse(wanted)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return ""
	}
	return wanted
}

package web

import (
	"net/url"
	"strings"
	"unicode"
)

// recordPath escapes a name. A name that is also the path of a page is written in
// capitals: records are found in any case, pages are not.
func recordPath(folder, name string) string {
	switch name {
	case "new", "check":
		name = strings.ToUpper(name)
	}
	return folder + url.PathEscape(name)
}

// localPath returns the wanted path if it is on this server, and the overview
// otherwise: a link to the login page must not lead to another host.
func localPath(wanted string) string {
	const overview = "/"
	foreign := !strings.HasPrefix(wanted, "/") || strings.HasPrefix(wanted, "//") || strings.Contains(wanted, `\`)
	if foreign || strings.ContainsFunc(wanted, unicode.IsControl) || strings.HasPrefix(wanted, "/login") {
		return overview
	}
	u, err := url.Parse(wanted)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return overview
	}
	return wanted
}

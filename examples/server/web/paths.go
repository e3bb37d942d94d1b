package web

import (
	"net/url"
	"strings"
	"unicode"
)

// administratorPath is the page of an administrator.
func administratorPath(username string) string { return recordPath("/administrators/", username) }

// managerPath is the page of an AMI account.
func managerPath(name string) string { return recordPath("/ami-accounts/", name) }

// userPath is the page of a person.
func userPath(username string) string {
	if username == "welcome" { // all new people are welcomed there
		username = "WELCOME"
	}
	return recordPath("/users/", username)
}

// recordPath escapes a name. Those names that pages of the same folder have
// are written in capitals: records are found in any case, pages are not.
func recordPath(folder, name string) string {
	switch name {
	case "new", "check":
		name = strings.ToUpper(name)
	}
	return folder + url.PathEscape(name)
}

// localPath returns where a visitor wanted to go, if that is a page of this
// server, and the overview otherwise: a link to the login page must not lead
// on to another host.
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

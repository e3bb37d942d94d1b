package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers/websession"
)

// route is one page or action.
type route struct {
	method, path string
	// open needs no login.
	open bool
	// upload accepts a form with a file.
	upload bool
	// section is the section that an administrator needs; "" for all
	// administrators.
	section string
	handle  handler
}

// routes are all pages and actions but the files of /static/.
func (p *pages) routes() []route {
	return slices.Concat(
		loginPages{p}.routes(), accountPages{p}.routes(), publicPages{p}.routes(),
		newAdministratorPages(p).routes(), newAMIAccountPages(p).routes(), newUserPages(p).routes(), newGroupPages(p).routes(),
		configPages{p}.routes(), auditPages{p}.routes(), settingsPages{p}.routes(),
		[]route{get("/{$}", "", p.overview), get(searchPath, "", p.search)},
	)
}

func get(path, section string, handle handler) route {
	return route{method: http.MethodGet, path: path, section: section, handle: handle}
}

func post(path, section string, handle handler) route {
	return route{method: http.MethodPost, path: path, section: section, handle: handle}
}

// open returns routes that need no login.
func open(routes ...route) []route {
	for i := range routes {
		routes[i].open = true
	}
	return routes
}

// recordPath escapes a name. A name that is also the path of a page is written in
// capitals: records are found in any case, pages are not.
func recordPath(folder, name string) string {
	switch name {
	case "new", "check", "welcome", "export", "bulk", "suggest":
		name = strings.ToUpper(name)
	}
	return folder + url.PathEscape(name)
}

// localPath returns the wanted path if it is on this server and not a page of the login.
// Otherwise, it returns the path of the overview.
func localPath(wanted string) string {
	if local := websession.LocalPath(wanted); local != "" && !strings.HasPrefix(local, "/login") {
		return local
	}
	return "/"
}

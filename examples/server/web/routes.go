package web

import (
	"net/http"
	"slices"
)

// route is one page or action: who can use it, and what it does.
type route struct {
	method, path string
	// open needs no login.
	open bool
	// upload accepts a form with a file.
	upload bool
	// section is what an administrator needs; every one can use a route with "".
	section string
	handle  handler
}

// routes are all pages and actions but the files of /static/.
func (p *pages) routes() []route {
	users := newUserPages(p)
	return slices.Concat(
		loginPages{p}.routes(), accountPages{p}.routes(), publicPages{p}.routes(),
		newAdministratorPages(p).routes(), newAMIAccountPages(p).routes(), users.routes(), users.tokenRoutes(), newGroupPages(p).routes(),
		configPages{p}.routes(), auditPages{p}.routes(), settingsPages{p}.routes(),
		[]route{get("/{$}", "", p.overview)},
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

package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// areaGroup is a group of the menu. The first one has no label.
type areaGroup struct {
	ID, Label string
	Areas     []area
}

// area is a part of the interface with its own section.
type area struct {
	section, Href, Label, Icon string
	// also are other pages of the part.
	also []string
	// Current says that the page belongs to the part.
	Current bool
}

// areaGroupsOf are the parts that the administrator can use.
func areaGroupsOf(admin *ampusers.Administrator) []areaGroup {
	all := []areaGroup{
		{"directory", "Directory", []area{
			{section: app.SectionUsers, Href: "/users", Label: "Users", Icon: "users", also: []string{"/deleted-users", "/directories"}},
			{section: app.SectionGroups, Href: "/groups", Label: "Groups", Icon: "users-group", also: []string{"/permissions"}},
		}},
		{"access", "Access", []area{
			{section: app.SectionAdministrators, Href: "/administrators", Label: "Administrators", Icon: "user-shield"},
			{section: app.SectionAMIAccounts, Href: "/ami-accounts", Label: "AMI accounts", Icon: "plug-connected"},
		}},
		{"system", "System", []area{
			{section: ampusers.SectionApply, Href: "/config", Label: "Apply", Icon: "rocket"},
			{section: app.SectionAudit, Href: "/audit", Label: "Audit log", Icon: "history"},
			{section: app.SectionSettings, Href: "/settings", Label: "Settings", Icon: "settings"},
		}},
	}
	for i := range all {
		all[i].Areas = slices.DeleteFunc(all[i].Areas, func(a area) bool { return !admin.Can(a.section) })
	}
	return slices.DeleteFunc(all, func(g areaGroup) bool { return len(g.Areas) == 0 })
}

// navigationOf is the menu: the overview and the parts that the administrator can
// use.
func navigationOf(r *request) []areaGroup {
	if r.admin == nil {
		return nil
	}
	groups := areaGroupsOf(r.admin)
	below := func(top string) bool { return r.URL.Path == top || strings.HasPrefix(r.URL.Path, top+"/") }
	for _, group := range groups {
		for i, a := range group.Areas {
			group.Areas[i].Current = slices.ContainsFunc(append(a.also, a.Href), below)
		}
	}
	overview := area{Href: "/", Label: "Overview", Icon: "layout-dashboard", Current: r.URL.Path == "/"}
	return append([]areaGroup{{Areas: []area{overview}}}, groups...)
}

// areasAbove are the pages of the menu above the page of a request.
func areasAbove(r *request, menu []areaGroup) []pageLink {
	var above []pageLink
	for _, group := range menu {
		for _, a := range group.Areas {
			if a.Current && a.Href != r.URL.EscapedPath() {
				above = append(above, pageLink{a.Href, a.Label})
			}
		}
	}
	return above
}

// pagesAbove are the pages above the page of a request, from the top down: a page of the
// menu, and the other parts of the path that are pages.
func (p *pages) pagesAbove(r *request, menu []areaGroup) []pageLink {
	if r.admin == nil {
		return nil
	}
	above, path := areasAbove(r, menu), r.URL.EscapedPath()
	for end, c := range path {
		if c != '/' || end == 0 {
			continue
		}
		top, err := url.Parse(path[:end])
		if err != nil || !p.isPage(r, top) {
			continue
		}
		if label := pathLabel(path[:end]); label != "" {
			above = append(above, pageLink{path[:end], label})
		}
	}
	return above
}

// pathLabel names the page at an escaped path by the last part of the path. It returns "" for a page
// of the menu, and for a form that is not above the page with its result.
func pathLabel(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/account":
		return "Your account"
	case len(parts) == 1 || len(parts) == 3 && parts[2] == "password":
		return ""
	case len(parts) == 3 && parts[2] == "tokens":
		return "API tokens"
	case len(parts) == 4 && parts[2] == "tokens":
		return "Token" // its ID says nothing
	}
	name, _ := url.PathUnescape(parts[len(parts)-1]) // the path is valid
	return name
}

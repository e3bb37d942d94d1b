package web

import (
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

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
	// Text describes the part on the overview.
	Text string
	// Current says that the page belongs to the part.
	Current bool
}

// Action is the text of the link on the overview.
func (a area) Action() string {
	if strings.HasPrefix(a.Label, "AMI") {
		return "Open " + a.Label
	}
	return "Open " + strings.ToLower(a.Label)
}

// areaGroupsOf are the parts that the administrator can use.
func areaGroupsOf(admin *ampusers.Administrator) []areaGroup {
	all := []areaGroup{
		{"directory", "Directory", []area{
			{section: app.SectionUsers, Href: "/users", Label: "Users", Icon: "users", also: []string{"/deleted-users", "/directories"}, Text: "Manage phone users: names, extensions, passwords, permissions."},
			{section: app.SectionGroups, Href: "/groups", Label: "Groups", Icon: "users-group", also: []string{"/permissions"}, Text: "Set permissions for many users at once."},
		}},
		{"access", "Access", []area{
			{section: app.SectionAdministrators, Href: "/administrators", Label: "Administrators", Icon: "user-shield", Text: "Manage who can use this interface, and what they can see and change."},
			{section: app.SectionAMIAccounts, Href: "/ami-accounts", Label: "AMI accounts", Icon: "plug-connected", Text: "Manage logins for programs that connect to Asterisk."},
		}},
		{"system", "System", []area{
			{section: ampusers.SectionApply, Href: "/config", Label: "Apply", Icon: "rocket", Text: "Review pending changes, apply them, or roll back."},
			{section: app.SectionAudit, Href: "/audit", Label: "Audit log", Icon: "history", Text: "See who changed what, when and from where, and verify the log."},
			{section: app.SectionSettings, Href: "/settings", Label: "Settings", Icon: "settings", Text: "Check the connections to Asterisk, mail and directories."},
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

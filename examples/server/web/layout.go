package web

import (
	"context"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
)

// layout is the data of the template around every page.
type layout struct {
	Title string
	// Admin is nil when nobody is logged in.
	Admin *ampusers.Administrator
	Nav   []navigation
	// Flash says what was done before, and Warning what went wrong.
	Flash, Warning string
	// Banner shows pending changes. The pages of the configuration show them
	// themselves.
	Banner bool
	Body   any
}

// navigation is one entry of the menu.
type navigation struct {
	Href, Label string
	Current     bool
}

func (p *pages) layout(ctx context.Context, r *request, a page) layout {
	data := layout{
		Title: a.Title, Admin: r.admin, Nav: navigationOf(r), Body: a.Body,
		Banner: r.admin != nil && !strings.HasPrefix(r.URL.Path, "/config"),
	}
	if !r.isHTMX() {
		data.Flash, data.Warning = p.popSession(ctx, r, flashKey), p.popSession(ctx, r, warningKey)
	}
	return data
}

// area is a part of the interface that has a section of its own.
type area struct {
	section, href, label string
	// also are other pages of the part.
	also []string
	// text describes the part on the overview.
	text string
}

func areas() []area {
	return []area{
		{app.SectionAdministrators, "/administrators", "Administrators", nil, "Manage who can use this interface, and what they can see and change."},
		{app.SectionUsers, "/users", "Users", []string{"/deleted-users", "/directories"}, "Manage phone users: names, extensions, passwords, permissions."},
		{app.SectionGroups, "/groups", "Groups", []string{"/permissions"}, "Set permissions for many users at once."},
		{app.SectionAMIAccounts, "/ami-accounts", "AMI accounts", nil, "Manage logins for programs that connect to Asterisk."},
		{ampusers.SectionApply, "/config", "Configuration", nil, "Review pending changes, apply them, or roll back."},
		{app.SectionAudit, "/audit", "Audit log", nil, "See who changed what, when and from where, and verify the log."},
		{app.SectionSettings, "/settings", "Settings", nil, "Check the connections to Asterisk, mail and directories."},
	}
}

// navigationOf is the menu: the parts that the administrator can use.
func navigationOf(r *request) []navigation {
	if r.admin == nil {
		return nil
	}
	below := func(top string) bool { return r.URL.Path == top || strings.HasPrefix(r.URL.Path, top+"/") }
	entries := []navigation{{Href: "/", Label: "Overview", Current: r.URL.Path == "/"}}
	for _, a := range areas() {
		if r.admin.Can(a.section) {
			entries = append(entries, navigation{Href: a.href, Label: a.label, Current: slices.ContainsFunc(append(a.also, a.href), below)})
		}
	}
	return entries
}

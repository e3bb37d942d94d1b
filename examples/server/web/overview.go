package web

import (
	"context"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// layout is the data of the template around every page.
type layout struct {
	Title string
	// Admin is nil when nobody is logged in.
	Admin *ampusers.Administrator
	Nav   []area
	// Flash is the result of the previous request, and Warning its problem.
	Flash, Warning string
	// Banner shows pending changes. The pages of the configuration show them
	// themselves.
	Banner bool
	Body   any
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

// area is a part of the interface with its own section.
type area struct {
	section, Href, Label string
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

// areasOf are the parts that the administrator can use.
func areasOf(admin *ampusers.Administrator) []area {
	all := []area{
		{app.SectionAdministrators, "/administrators", "Administrators", nil, "Manage who can use this interface, and what they can see and change.", false},
		{app.SectionUsers, "/users", "Users", []string{"/deleted-users", "/directories"}, "Manage phone users: names, extensions, passwords, permissions.", false},
		{app.SectionGroups, "/groups", "Groups", []string{"/permissions"}, "Set permissions for many users at once.", false},
		{app.SectionAMIAccounts, "/ami-accounts", "AMI accounts", nil, "Manage logins for programs that connect to Asterisk.", false},
		{ampusers.SectionApply, "/config", "Configuration", nil, "Review pending changes, apply them, or roll back.", false},
		{app.SectionAudit, "/audit", "Audit log", nil, "See who changed what, when and from where, and verify the log.", false},
		{app.SectionSettings, "/settings", "Settings", nil, "Check the connections to Asterisk, mail and directories.", false},
	}
	return slices.DeleteFunc(all, func(a area) bool { return !admin.Can(a.section) })
}

// navigationOf is the menu: the overview and the parts that the administrator can
// use.
func navigationOf(r *request) []area {
	if r.admin == nil {
		return nil
	}
	below := func(top string) bool { return r.URL.Path == top || strings.HasPrefix(r.URL.Path, top+"/") }
	entries := append([]area{{Href: "/", Label: "Overview", Current: r.URL.Path == "/"}}, areasOf(r.admin)...)
	for i, a := range entries[1:] {
		entries[i+1].Current = slices.ContainsFunc(append(a.also, a.Href), below)
	}
	return entries
}

// overviewPage is the page /.
type overviewPage struct {
	Areas []area
	// FirstSteps says that nothing is live yet, and NoAMIAccount that there is no
	// AMI account, if the administrator can see them.
	FirstSteps, NoAMIAccount bool
}

func (p *pages) overview(ctx context.Context, r *request) (response, error) {
	body := overviewPage{Areas: areasOf(r.admin)}
	status, err := p.jobs.Status(ctx)
	body.FirstSteps = err != nil || status.Generation == 0
	if body.FirstSteps && r.admin.Can(app.SectionAMIAccounts) {
		found, err := p.site.AMIAccounts.List(ctx, manager.Query{PageRequest: store.PageRequest{Limit: 1}})
		if err != nil {
			return nil, err
		}
		body.NoAMIAccount = len(found.Items) == 0
	}
	return page{Name: "overview", Title: "Overview", Body: body}, nil
}

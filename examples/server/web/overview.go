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
	Nav   []navigation
	// Flash is the result of the previous request, and Warning its problem.
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

// area is a part of the interface with its own section.
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

// card is a part of the server on the overview.
type card struct{ Title, Text, Href, Action string }

// overviewPage is the page /.
type overviewPage struct {
	Cards []card
	// Steps are the next steps on a new installation.
	Steps []card
}

func (p *pages) overview(ctx context.Context, r *request) (response, error) {
	var cards []card
	for _, a := range areas() {
		if r.admin.Can(a.section) {
			cards = append(cards, card{a.label, a.text, a.href, "Open " + uncapitalized(a.label)})
		}
	}
	cards = append(cards, card{"Your account", "Change your password and two-factor authentication.", "/account", "Open your account"})
	steps, err := p.firstSteps(ctx, r)
	return page{Name: "overview", Title: "Overview", Body: overviewPage{Cards: cards, Steps: steps}}, err
}

// uncapitalized returns a label inside a sentence.
func uncapitalized(label string) string {
	if strings.HasPrefix(label, "AMI") {
		return label
	}
	return strings.ToLower(label)
}

// firstSteps lead from a new installation to the first login over AMI, as far as
// the administrator can take them.
func (p *pages) firstSteps(ctx context.Context, r *request) ([]card, error) {
	var steps []card
	status, err := p.jobs.Status(ctx)
	if err == nil && status.Generation > 0 {
		return nil, nil
	}
	if r.admin.Can(app.SectionSettings) {
		steps = append(steps, card{"Connect Asterisk", "Connect this server to Asterisk, so that changes can go live.", "/settings", "Open settings"})
	}
	if r.admin.Can(app.SectionAMIAccounts) {
		found, err := p.site.AMIAccounts.List(ctx, manager.Query{PageRequest: store.PageRequest{Limit: 1}})
		if err != nil {
			return nil, err
		}
		if len(found.Items) == 0 {
			steps = append(steps, card{"Add an AMI account", "For the first program that connects to Asterisk.", "/ami-accounts/new", "Add AMI account"})
		}
	}
	if r.admin.Can(ampusers.SectionApply) {
		steps = append(steps, card{"Apply", "Make the changes live.", "/config", "Open configuration"})
	}
	return steps, nil
}

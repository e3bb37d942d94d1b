package web

import (
	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
)

// card is a part of the server on the overview.
type card struct{ Title, Text, Href, Action string }

// overviewPage is the page /.
type overviewPage struct {
	Cards []card
	// Steps are what is left to do on a fresh installation.
	Steps []card
}

func (v *pageHandler) overview() error {
	page := overviewPage{Cards: v.cards()}
	steps, err := v.firstSteps()
	if err != nil {
		return err
	}
	page.Steps = steps
	return v.render("overview", "Overview", page)
}

func (v *pageHandler) cards() []card {
	var cards []card
	for _, c := range []struct {
		section string
		card    card
	}{
		{app.SectionAdministrators, card{"Administrators", "Manage who can use this interface, and what they can see and change.", "/administrators", "Open administrators"}},
		{app.SectionUsers, card{"Users", "Manage phone users: names, extensions, passwords, permissions.", "/users", "Open users"}},
		{app.SectionGroups, card{"Groups", "Set permissions for many users at once.", "/groups", "Open groups"}},
		{app.SectionAMIAccounts, card{"AMI accounts", "Manage logins for programs that connect to Asterisk.", "/ami-accounts", "Open AMI accounts"}},
		{ampusers.SectionApply, card{"Configuration", "Review pending changes, apply them, or roll back.", "/config", "Open configuration"}},
		{app.SectionAudit, card{"Audit log", "See who changed what, when and from where, and verify the log.", "/audit", "Open audit log"}},
		{app.SectionSettings, card{"Settings", "Check the connections to Asterisk, mail and directories.", "/settings", "Open settings"}},
	} {
		if v.admin.Can(c.section) {
			cards = append(cards, c.card)
		}
	}
	return append(cards, card{"Your account", "Change your password and two-factor authentication.", "/account", "Open your account"})
}

// firstSteps are those from a fresh installation to the first login over AMI,
// as far as the visitor may take them.
func (v *pageHandler) firstSteps() ([]card, error) {
	var steps []card
	status, err := v.runner.Status(v.r.Context())
	if err == nil && status.Generation > 0 {
		return nil, nil
	}
	if v.admin.Can(app.SectionSettings) {
		steps = append(steps, card{"Connect Asterisk", "Connect this server to Asterisk, so that changes can go live.", "/settings", "Open settings"})
	}
	if v.admin.Can(app.SectionAMIAccounts) {
		found, err := v.site.AMIAccounts.List(v.r.Context(), manager.Query{PageRequest: store.PageRequest{Limit: 1}})
		if err != nil {
			return nil, err
		}
		if len(found.Items) == 0 {
			steps = append(steps, card{"Add an AMI account", "For the first program that connects to Asterisk.", "/ami-accounts/new", "Add AMI account"})
		}
	}
	if v.admin.Can(ampusers.SectionApply) {
		steps = append(steps, card{"Apply", "Make the changes live.", "/config", "Open configuration"})
	}
	return steps, nil
}

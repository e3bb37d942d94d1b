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
		{app.SectionAdministrators, card{"Administrators", "People who log in to these pages: who they are, and what each may see and change.", "/administrators", "Open administrators"}},
		{app.SectionUsers, card{"People", "Who has a telephone, a mailbox or a portal login: names, extensions, passwords, permissions.", "/people", "Open people"}},
		{app.SectionGroups, card{"Groups", "What many people at once may do.", "/groups", "Open groups"}},
		{app.SectionAMIAccounts, card{"AMI accounts", "Logins with which programs talk to Asterisk: what each is told of, what it may do, and from where.", "/managers", "Open AMI accounts"}},
		{ampusers.SectionApply, card{"Configuration", "See what would change in Asterisk, make it live, or go back.", "/config", "Open configuration"}},
		{app.SectionAudit, card{"Audit trail", "Who did what, when and from where, and whether that record is whole.", "/audit", "Open audit trail"}},
		{app.SectionSettings, card{"Settings", "How this server reaches Asterisk.", "/settings", "Open settings"}},
	} {
		if v.admin.Can(c.section) {
			cards = append(cards, c.card)
		}
	}
	return append(cards, card{"Your account", "Your password and your second factor.", "/account", "Open your account"})
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
		steps = append(steps, card{"Connect Asterisk", "Say where Asterisk is, and have it read the accounts of this server.", "/settings", "Open settings"})
	}
	if v.admin.Can(app.SectionAMIAccounts) {
		found, err := v.site.AMIAccounts.List(v.r.Context(), manager.Query{PageRequest: store.PageRequest{Limit: 1}})
		if err != nil {
			return nil, err
		}
		if len(found.Items) == 0 {
			steps = append(steps, card{"Make an AMI account", "For the first program that talks to Asterisk.", "/managers/new", "Add AMI account"})
		}
	}
	if v.admin.Can(ampusers.SectionApply) {
		steps = append(steps, card{"Apply", "Make the accounts live.", "/config", "Open configuration"})
	}
	return steps, nil
}

package web

import (
	"context"
	"strings"

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
	status, err := p.runner.Status(ctx)
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

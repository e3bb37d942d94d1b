package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// layout is the data of the template around every page.
type layout struct {
	Title string
	// Admin is nil when nobody is logged in.
	Admin *ampusers.Administrator
	// Nav is the menu; it is empty when nobody is logged in.
	Nav []areaGroup
	// Above are the pages above this one.
	Above []pageLink
	// Flash is the result of the previous request, and Warning its problem.
	Flash, Warning string
	// Undo takes back what the flash says; nil for nothing.
	Undo *undo
	// Product is the name of the product.
	Product string
	// Banner shows pending changes. The pages of the configuration show them
	// themselves.
	Banner bool
	Body   any
}

func (p *pages) layout(ctx context.Context, r *request, a page) layout {
	data := layout{
		Title: a.Title, Product: p.product(), Admin: r.admin, Nav: navigationOf(r), Body: a.Body,
		Banner: r.admin != nil && !strings.HasPrefix(r.URL.Path, "/config"),
	}
	switch a.Name {
	case "settings": // its pages are tabs
	case "errorpage": // the record may not exist
		data.Above = areasAbove(r, data.Nav)
	default:
		data.Above = p.pagesAbove(r, data.Nav)
	}
	if !r.isHTMX() {
		data.Flash, data.Warning = p.popSession(ctx, r, flashKey), p.popSession(ctx, r, warningKey)
		data.Undo = p.popUndo(ctx, r)
	}
	return data
}

// product is the name of the product in the settings.
func (p *pages) product() string { return cmp.Or(p.site.Current().Users.Product, "pbxusers") }

// overviewPage is the page /. The administrator can see everything on it.
type overviewPage struct {
	// Checklist are the first steps; empty when all of them are done.
	Checklist []firstStep
	// State is as in the banner, and Status the status of the configuration; nil if it
	// cannot be read.
	State  string
	Status *asteriskconf.Status
	Last   *jobs.State
	Cards  []overviewCard
	// Changes are the newest entries of the audit log. HasAudit says that the
	// administrator can see the log.
	Changes  []*audit.Entry
	HasAudit bool
}

// firstStep is a step of a new installation. Done says that it is done.
type firstStep struct {
	Label, Text string
	Link        pageLink
	Done        bool
}

// overviewCard is a number with its link. Attention says that there is something to do.
type overviewCard struct {
	Label, Value, Text string
	Link               pageLink
	Attention          bool
}

// Bounds of the overview: how many records of a kind it reads to count some of them, how
// many changes it shows, and of how many entries it takes them.
const (
	maxOverviewRecords = store.MaxPageLimit
	maxRecentChanges   = 8
	maxRecentEntries   = 40
)

func (p *pages) overview(ctx context.Context, r *request) (response, error) {
	body := overviewPage{State: configPages{p}.bannerState(ctx), Last: p.jobs.LastConfig(), HasAudit: r.admin.Can(app.SectionAudit)}
	if status, err := p.jobs.Status(ctx); err == nil {
		body.Status = status
	}
	var users int
	for _, add := range []func(ctx context.Context, r *request) ([]overviewCard, error){
		func(ctx context.Context, r *request) (cards []overviewCard, err error) {
			cards, users, err = p.userCards(ctx, r)
			return cards, err
		},
		p.accessCards, p.directoryCards,
	} {
		cards, err := add(ctx, r)
		if err != nil {
			return nil, err
		}
		body.Cards = append(body.Cards, cards...)
	}
	var err error
	if body.HasAudit {
		body.Changes, err = p.recentChanges(ctx, r)
	}
	body.Checklist = p.checklist(r, body.Status, users)
	return page{Name: "overview", Title: "Overview", Body: body}, err
}

// checklist returns the first steps that the administrator can take; none when all are
// done.
func (p *pages) checklist(r *request, status *asteriskconf.Status, users int) []firstStep {
	steps := []firstStep{
		{"Set your password", "Only you know it.", pageLink{"/account", "Change password"}, r.admin.HasPassword},
		{"Add a second factor", "An app on your phone confirms that it is you.", pageLink{"/account", "Set up two-factor authentication"}, r.admin.HasSecondFactor},
	}
	if r.admin.Can(app.SectionSettings) {
		steps = append(steps,
			firstStep{"Connect Asterisk", "Changes can then go live.", pageLink{"/settings/install", "Connect Asterisk"}, status != nil && status.Generation > 0},
			firstStep{"Enter the mail server", "Users get welcome emails, and links to reset their password.", pageLink{"/settings/mail", "Open mail settings"}, p.site.MailStatus().Configured})
	}
	if r.admin.Can(app.SectionUsers) {
		steps = append(steps, firstStep{"Add the first user", "With an extension and a welcome email.", pageLink{"/users/new", "Add user"}, users > 0})
	}
	if !slices.ContainsFunc(steps, func(s firstStep) bool { return !s.Done }) {
		return nil
	}
	return steps
}

// counted writes a count that may be a lower bound.
func counted(n int, atLeast bool) string {
	if atLeast {
		return strconv.Itoa(n) + "+"
	}
	return strconv.Itoa(n)
}

// userCards count the users in scope, those who cannot log in, and the mails that did not
// arrive.
func (p *pages) userCards(ctx context.Context, r *request) (cards []overviewCard, users int, err error) {
	if !r.admin.Can(app.SectionUsers) {
		return nil, 0, nil
	}
	query := userman.Query{Status: userman.StatusEnabled, PageRequest: store.PageRequest{Limit: 1, Count: true}}
	enabled, err := p.users(ctx).List(ctx, query)
	if err != nil {
		return nil, 0, err
	}
	query.NoPassword = true
	missing, err := p.users(ctx).List(ctx, query)
	if err != nil {
		return nil, 0, err
	}
	who, show := "All of them can log in", pageLink{"/users", "Open users"}
	if missing.Total > 0 {
		who, show = "They cannot log in yet", pageLink{"/users?no_password=1&status=enabled", "Show these users"}
	}
	cards = []overviewCard{{"Users", counted(enabled.Total, enabled.AtLeast), "Enabled", pageLink{"/users", "Open users"}, false}}
	if enabled.Total > 0 {
		cards = append(cards, overviewCard{"Users without a password", counted(missing.Total, missing.AtLeast), who, show, missing.Total > 0})
	}
	if last := p.jobs.LastWelcome(); last != nil && last.Welcome != nil {
		shown, err := last.InScope(ctx, p.users(ctx))
		if err != nil {
			return nil, 0, err
		}
		failed := len(shown.Welcome.Undelivered)
		cards = append(cards, overviewCard{"Failed emails", strconv.Itoa(failed), "Of the last welcome emails", pageLink{welcomePath, "Open welcome emails"}, failed > 0})
	}
	return cards, enabled.Total, nil
}

// accessCards count the AMI accounts, and the administrators without a second factor.
func (p *pages) accessCards(ctx context.Context, r *request) ([]overviewCard, error) {
	var cards []overviewCard
	if r.admin.Can(app.SectionAMIAccounts) {
		list, err := p.site.AMIAccounts.List(ctx, manager.Query{PageRequest: store.PageRequest{Limit: 1, Count: true}})
		if err != nil {
			return nil, err
		}
		cards = append(cards, overviewCard{"AMI accounts", counted(max(list.Total, len(list.Items)), list.AtLeast), "Logins for programs", pageLink{"/ami-accounts", "Open AMI accounts"}, false})
	}
	if r.admin.Can(app.SectionAdministrators) {
		list, err := p.administrators(ctx).List(ctx, ampusers.Query{EnabledOnly: true, PageRequest: store.PageRequest{Limit: maxOverviewRecords}})
		if err != nil {
			return nil, err
		}
		missing := 0
		for _, one := range list.Items {
			if !one.HasSecondFactor {
				missing++
			}
		}
		second := "All of them have one"
		if missing > 0 {
			second = "A stolen password is enough to log in"
		}
		cards = append(cards, overviewCard{
			"Administrators without a second factor", counted(missing, list.Next != ""), second, pageLink{"/administrators", "Open administrators"}, missing > 0,
		})
	}
	return cards, nil
}

// directoryCards show the last sync of each directory.
func (p *pages) directoryCards(ctx context.Context, r *request) ([]overviewCard, error) {
	var cards []overviewCard
	if !r.admin.Can(app.SectionUsers) || !p.isUnrestricted(ctx) {
		return nil, nil
	}
	for _, d := range p.users(ctx).Directories() {
		card := overviewCard{Label: "Directory " + d.Name(), Value: "–", Text: "Not synchronized since the server started", Link: pageLink{directoryPath(d.Name()), "Open directory"}}
		last := p.jobs.LastSync(d.Name())
		switch {
		case last.Running():
			card.Text = "Synchronizing"
		case last != nil && last.Problem != "":
			card.Value, card.Text, card.Attention = "failed", "Last sync "+clock(last.EndedAt), true
		case last != nil && last.Sync != nil:
			problems := len(last.Sync.Problems)
			card.Value, card.Text, card.Attention = strconv.Itoa(problems), "Problems in the last sync, "+clock(last.EndedAt), problems > 0
		}
		cards = append(cards, card)
	}
	return cards, nil
}

// recentChanges are the newest changes in the audit log, without logins.
func (p *pages) recentChanges(ctx context.Context, r *request) ([]*audit.Entry, error) {
	list, err := p.site.ListAudit(ctx, r.admin, audit.Query{Outcome: audit.Succeeded, PageRequest: store.PageRequest{Limit: maxRecentEntries}})
	if err != nil {
		return nil, err
	}
	changes := slices.DeleteFunc(list.Items, func(e *audit.Entry) bool { return e.Action == "login" || e.Action == "logout" })
	changes, _ = firstOf(changes, maxRecentChanges)
	return changes, nil
}

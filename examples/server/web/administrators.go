package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// administratorPages are the pages of administrators.
type administratorPages struct {
	record[ampusers.Administrator]
}

// administratorPath is the page of an administrator.
func administratorPath(username string) string { return recordPath("/administrators/", username) }

func newAdministratorPages(p *pages) *administratorPages {
	a := &administratorPages{}
	a.record = withDefaults(record[ampusers.Administrator]{
		pages: p, template: "administrator", listPath: "/administrators",
		fieldSet: fieldSet[ampusers.Administrator]{
			Type:     resource.Administrators(p.administrators, p.baseURL),
			first:    []string{"username", "display_name", "access", "sections", "extensions", "dids"},
			sections: map[string]string{"extensions": limitsSection, "dids": limitsSection, "teams": limitsSection},
			hidden:   hidesLimit, choices: []string{scopeChoice}, check: checkLimits, complete: addScope, others: map[string]string{scopeChoice: scopeLabel},
		},
		tabs: []tab{
			{ID: "access", Label: "Access"}, {ID: "sign-in", Label: "Sign-in"}, {ID: "rights", Label: "Effective access"}, {ID: activityTab, Label: "Activity"},
		},
		columns: []column{
			{"Administrator", "username"}, {"Access", ""}, {"State", ""}, {"Last login", "last_login_at"},
		},
		search: "Search administrators", list: a.sectionNames, filterChoices: administratorFilterChoices, bulk: a.bulkActions(),
		path:      func(one *ampusers.Administrator) string { return administratorPath(one.Username) },
		changedAt: func(one *ampusers.Administrator) time.Time { return one.UpdatedAt },
		load: func(ctx context.Context, r *request) (*ampusers.Administrator, error) {
			return p.administrators(ctx).Get(ctx, r.PathValue("username"))
		},
		describe: a.describe, drawer: a.draw, newForm: addAdministratorPassword, created: a.added, saved: administratorSaved,
		deleted: func(one *ampusers.Administrator) string { return one.Username + " was deleted." },
	})
	return a
}

// administrators is the service for the administrator who sent the request.
func (p *pages) administrators(ctx context.Context) *ampusers.Service {
	return p.site.Administrators.ForActor(p.sessions.Administrator(ctx).Username)
}

func (a *administratorPages) routes() []route {
	const section, one = app.SectionAdministrators, "/administrators/{username}"
	return slices.Concat(
		a.record.routes(section, "/administrators", one), a.confirmed(section, one, "/delete", nil, a.delete),
		a.confirmed(section, one, "/password", asksFor[ampusers.Administrator](newPassword("New password")), a.setPassword),
		a.confirmed(section, one, "/second-factor/remove", nil,
			calls(&a.record, a.administrators, factorRemoved, (*ampusers.Service).RemoveSecondFactor)),
		[]route{
			post(one+"/disable", section, a.acting(a.undoneBy("/enable",
				calls(&a.record, a.administrators, "Disabled. The administrator was logged out and can no longer log in.", (*ampusers.Service).Disable)))),
			post(one+"/enable", section, a.acting(a.undoneBy("/disable", calls(&a.record, a.administrators, "Enabled.", (*ampusers.Service).Enable)))),
			get(one+"/invite", section, a.with(a.invitationLink)), post(one+"/invite", section, a.with(a.invite)),
		},
	)
}

func administratorFilterChoices(context.Context) (map[string][]choice, error) {
	return map[string][]choice{"access": {{Value: string(ampusers.Full), Label: "Full"}, {Value: string(ampusers.Limited), Label: "Limited"}}}, nil
}

// bulkActions are the actions on selected administrators.
func (a *administratorPages) bulkActions() []bulkAction[ampusers.Administrator] {
	return []bulkAction[ampusers.Administrator]{
		{Name: "enable", Label: "Enable", Done: "enabled", do: func(ctx context.Context, _ *request, now *ampusers.Administrator) error {
			_, err := a.administrators(ctx).Enable(ctx, now.Username)
			return err
		}},
		{Name: "disable", Label: "Disable", Done: "disabled", do: func(ctx context.Context, _ *request, now *ampusers.Administrator) error {
			_, err := a.administrators(ctx).Disable(ctx, now.Username)
			return err
		}},
		{
			Name: "delete", Label: "Delete", Danger: true, Done: "deleted",
			ask: func(context.Context, *request, *ampusers.Administrator) ([]string, bool, error) {
				return nil, true, nil
			},
			do: func(ctx context.Context, _ *request, now *ampusers.Administrator) error {
				return a.administrators(ctx).Delete(ctx, now.Username)
			},
		},
	}
}

// sectionNames adds the names of the sections by their IDs to the list.
func (a *administratorPages) sectionNames(_ context.Context, _ *request, body *listPage[ampusers.Administrator]) error {
	names := map[string]string{}
	for _, s := range a.site.Administrators.Sections() {
		names[s.ID] = s.Name
	}
	body.Extra = names
	return nil
}

// right is one line of the effective access of an administrator.
type right struct {
	Name string
	ampusers.Explanation
}

// describe explains every section, and the number in the address.
func (a *administratorPages) describe(_ context.Context, r *request, body *recordPage[ampusers.Administrator], _ formErrors) error {
	now, rights := body.Record, []right{}
	for _, s := range a.site.Administrators.Sections() {
		rights = append(rights, right{s.Name, now.Explain(ampusers.ResourceSection, s.ID)})
	}
	if number := r.query("number"); number != "" {
		rights = append(rights,
			right{"Extension " + number, now.Explain(ampusers.ResourceExtension, number)},
			right{"DID " + number, now.Explain(ampusers.ResourceDID, number)})
	}
	body.Extra = rights
	return nil
}

// draw offers the levels of access and the sections. The page hides the limits of
// a Full administrator.
func (a *administratorPages) draw(context.Context, *request, *ampusers.Administrator) (drawer, error) {
	return func(m field.Meta, texts []string, f *formField) {
		switch m.Name {
		case "access":
			f.Section, f.Type, f.Hint = "", "radio", ""
			f.Choices = chosenOf([]choice{
				{Value: string(ampusers.Limited), Label: "Limited", Hint: "Only the sections, extensions, DIDs and teams below."},
				{Value: string(ampusers.Full), Label: "Full", Hint: "All sections, extensions, DIDs and teams."},
			}, cmp.Or(strings.Join(texts, ""), string(ampusers.Limited)))
		case "sections":
			f.Section, f.Class, f.Hint = "", limitedOnly, "The sections that a limited administrator can use. Select at least one."
			for _, s := range a.site.Administrators.Sections() {
				f.Choices = append(f.Choices, choice{Value: s.ID, Label: s.Name, Hint: s.Description, Chosen: slices.Contains(texts, s.ID)})
			}
		case "extensions", "dids", "teams":
			f.Class = limitedOnly + " numbers"
			f.Hint = strings.Replace(f.Hint, " Leave empty for all.", "", 1)
		}
	}, nil
}

// The form asks whether a limited administrator has limits at all: an empty field could
// just as well be forgotten.
const (
	limitsSection = "Allowed numbers and teams"
	scopeChoice   = "scope"
	scopeLabel    = "Numbers and teams"
	scopeAll      = "all"
	scopeListed   = "listed"
	// limitedOnly is the class of what a full administrator does not have.
	limitedOnly = "limited-only"
)

// limitFields are the fields that limit an administrator.
func limitFields() []string { return []string{"extensions", "dids", "teams"} }

// hidesLimit hides the limits of an administrator who has none.
func hidesLimit(name string, in input) bool {
	full, limit := in.text("access") == string(ampusers.Full), slices.Contains(limitFields(), name)
	return full && (limit || name == "sections") || limit && in.text(scopeChoice) == scopeAll
}

// addScope asks for the limits. A new administrator has none to be forgotten.
func addScope(f *form, in input, errs formErrors) {
	chosen, limited := in.text(scopeChoice), slices.ContainsFunc(limitFields(), func(name string) bool { return in.text(name) != "" })
	switch {
	case chosen != "":
	case limited, in.text("username") == "":
		chosen = scopeListed
	default:
		chosen = scopeAll
	}
	at := slices.IndexFunc(f.Sections, func(s formSection) bool { return s.Legend == limitsSection })
	f.Sections = slices.Insert(f.Sections, at, formSection{Class: limitedOnly, Choices: []formField{{
		Name: scopeChoice, Label: scopeLabel, Type: "radio", Errors: errs.forField(scopeChoice), Choices: chosenOf([]choice{
			{Value: scopeAll, Label: "All", Hint: "All extensions, DIDs and teams."},
			{Value: scopeListed, Label: "Only these", Hint: "Enter extensions, DIDs or teams below."},
		}, chosen),
	}}})
}

// checkLimits rejects a limited administrator who can use no section, and limits that are
// announced but missing.
func checkLimits(in input, _ map[string]field.Value) []store.FieldError {
	var errs []store.FieldError
	if in.text("access") == string(ampusers.Full) {
		return nil
	}
	if in.text("sections") == "" {
		errs = append(errs, store.FieldError{Field: "sections", Code: store.CodeRequired, Message: "select at least one section"})
	}
	if in.text(scopeChoice) == scopeListed && !slices.ContainsFunc(limitFields(), func(name string) bool { return strings.TrimSpace(in.text(name)) != "" }) {
		errs = append(errs, store.FieldError{Field: scopeChoice, Code: store.CodeRequired, Message: "enter an extension, a DID or a team, or select All"})
	}
	return errs
}

func addAdministratorPassword(f *form, r *request, errs formErrors) {
	f.addSecret(f.Sections[0].Legend, newPassword("Password"), r, errs, "Leave empty to get a link that lets the administrator choose a password. ")
}

// added shows the link that sets the password, unless it is set.
func (a *administratorPages) added(ctx context.Context, _ *request, result resource.Result[ampusers.Administrator]) (response, error) {
	one := result.Record
	if result.Link == nil {
		return redirect{Path: a.path(one), Flash: one.Username + " was added and can log in with the password that you set."}, nil
	}
	return a.showOnce(ctx, one, "/invite", result.Link.ExpiresAt, store.NewSecret(result.Link.URL)), nil
}

func administratorSaved(before, after *ampusers.Administrator) string {
	if !before.InvitationExpiresAt.IsZero() && after.InvitationExpiresAt.IsZero() {
		return "Saved. Because rights were added, the password link was revoked. Create a new one."
	}
	return "Saved."
}

func (a *administratorPages) setPassword(ctx context.Context, r *request, now *ampusers.Administrator) (response, error) {
	_, err := a.administrators(ctx).SetPassword(ctx, now.Username, store.NewSecret(r.form("password")), nil)
	return redirect{Path: a.path(now), Flash: "Password set."}, err
}

// invite creates a link that sets the password, and shows it on its own page.
func (a *administratorPages) invite(ctx context.Context, _ *request, now *ampusers.Administrator) (response, error) {
	link, err := a.administrators(ctx).Invite(ctx, now.Username)
	if err != nil {
		return nil, err
	}
	return a.showOnce(ctx, now, "/invite", link.ExpiresAt, store.NewSecret(resource.NewLink(link, a.baseURL()).URL)), nil
}

func (a *administratorPages) invitationLink(_ context.Context, r *request, now *ampusers.Administrator) (response, error) {
	link := a.takeOnce(r, now, "/invite", now.InvitationExpiresAt)
	return linkOnce(r, "Password link for "+now.Username, "set a password", link, now.InvitationExpiresAt, &userman.User{Username: now.Username}, a.path(now)), nil
}

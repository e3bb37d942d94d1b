package web

import (
	"context"
	"slices"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/field"
)

// administratorPages are the pages of administrators.
type administratorPages struct {
	record[ampusers.Administrator]
}

// administratorPath is the page of an administrator.
func administratorPath(username string) string { return recordPath("/administrators/", username) }

func newAdministratorPages(p *pages) *administratorPages {
	const limits = "Allowed numbers and teams"
	a := &administratorPages{}
	a.record = record[ampusers.Administrator]{
		pages: p, template: "administrator", list: "/administrators",
		fieldSet: fieldSet[ampusers.Administrator]{
			Type: resource.Administrators(p.administrators, p.baseURL), boxes: []string{"access", "sections"}, first: []string{"username", "display_name", "access", "sections", "extensions", "dids"},
			sections: map[string]string{"extensions": limits, "dids": limits, "teams": limits},
			hidden: func(name string, in input) bool {
				return in.text("access") == string(ampusers.Full) && slices.Contains([]string{"sections", "extensions", "dids", "teams"}, name)
			},
		},
		path: func(one *ampusers.Administrator) string { return administratorPath(one.Username) },
		load: a.administrator, body: a.body, drawer: a.draw, newForm: addAdministratorPassword, created: a.addedAdministrator,
		title:        func(one *ampusers.Administrator) string { return "Administrator " + one.Username },
		saved:        administratorSaved,
		deleted:      func(one *ampusers.Administrator) string { return one.Username + " was deleted." },
		consequences: administratorDeletion,
	}
	return a
}

// administrators is the service for the administrator who sent the request.
func (p *pages) administrators(ctx context.Context) *ampusers.Service {
	return p.site.Administrators.ForActor(p.sessions.Administrator(ctx).Username)
}

// administrator returns the one that the address names.
func (a *administratorPages) administrator(ctx context.Context, r *request) (*ampusers.Administrator, error) {
	return a.administrators(ctx).Get(ctx, r.PathValue("username"))
}

func (a *administratorPages) routes() []route {
	const section, list, one = app.SectionAdministrators, "/administrators", "/administrators/{username}"
	return slices.Concat(a.record.routes(section, list, one), a.deleteRoutes(section, one), []route{
		get(list, section, a.index),
		post(one+"/disable", section, a.act("Disabled. The administrator was logged out and can no longer log in.", a.on((*ampusers.Service).Disable))),
		post(one+"/enable", section, a.act("Enabled.", a.on((*ampusers.Service).Enable))),
		get(one+"/invite", section, a.invitationLink), post(one+"/invite", section, a.invite),
		get(one+"/password", section, a.confirm(a.askPassword)), post(one+"/password", section, a.confirmed(a.askPassword, a.setPassword)),
		get(one+"/second-factor/remove", section, a.confirm(a.askRemoveFactor)),
		post(one+"/second-factor/remove", section, a.act("Two-factor authentication is off.", a.on((*ampusers.Service).RemoveSecondFactor))),
	})
}

// administratorListPage is the page /administrators.
type administratorListPage struct {
	listRequest

	Heads  []tableHeader
	Items  []*ampusers.Administrator
	Paging paging
	// Names are those of the sections by their ids.
	Names map[string]string
}

func (a *administratorPages) index(ctx context.Context, r *request) (response, error) {
	req, err := newListRequest(r, "Search by username or display name", a.Sort)
	if err != nil {
		return nil, err
	}
	list, err := a.administrators(ctx).List(ctx, ampusers.Query{Search: req.Search, Sort: req.order, PageRequest: req.page})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, s := range a.site.Administrators.Sections() {
		names[s.ID] = s.Name
	}
	return page{Name: "administrators", Title: "Administrators", Body: administratorListPage{
		listRequest: req, Items: list.Items, Paging: req.paging(list.Next), Names: names,
		Heads: req.headers(
			column{"Username", "username"}, column{"Display name", ""}, column{"Access", ""}, column{"Sections", ""},
			column{"Status", ""}, column{"Created", "created_at"}, column{"Last login", "last_login_at"},
		),
	}}, nil
}

// administratorPage is the page of one administrator.
type administratorPage struct {
	*ampusers.Administrator

	Form   form
	Rights []right
	// Own says that administrators look at their own account.
	Own bool
}

// right is one line of the effective access of an administrator.
type right struct {
	Name string
	ampusers.Explanation
}

func (a *administratorPages) body(_ context.Context, r *request, now *ampusers.Administrator, f form, _ formErrors) (any, error) {
	return administratorPage{Administrator: now, Form: f, Rights: a.rights(r, now), Own: now.Username == r.admin.Username}, nil
}

// rights explain every section, and the number in the address.
func (a *administratorPages) rights(r *request, now *ampusers.Administrator) []right {
	sections := a.site.Administrators.Sections()
	all := make([]right, 0, len(sections)+2)
	for _, s := range sections {
		all = append(all, right{s.Name, now.Explain(ampusers.ResourceSection, s.ID)})
	}
	number := r.query("number")
	if number == "" {
		return all
	}
	return append(all,
		right{"Extension " + number, now.Explain(ampusers.ResourceExtension, number)},
		right{"DID " + number, now.Explain(ampusers.ResourceDID, number)})
}

// draw offers the levels of access and the sections. The page hides the limits of
// a Full administrator.
func (a *administratorPages) draw(context.Context, *request, *ampusers.Administrator) (drawer, error) {
	return func(m field.Meta, texts []string, c *control) {
		switch m.Name {
		case "access":
			chosen := slices.Contains(texts, string(ampusers.Full))
			c.Section, c.Group.One, c.Group.Hint = "", true, ""
			c.Group.Choices = []choice{
				{Value: string(ampusers.Limited), Label: "Limited", Hint: "Only the sections, numbers and teams below.", Chosen: !chosen},
				{Value: string(ampusers.Full), Label: "Full", Hint: "All sections, extensions, DIDs and teams.", Chosen: chosen},
			}
		case "sections":
			c.Section, c.Class, c.Group.Hint = "", "limited-only", "The sections that a limited administrator can use. Select at least one."
			for _, s := range a.site.Administrators.Sections() {
				c.Group.Choices = append(c.Group.Choices, choice{Value: s.ID, Label: s.Name, Hint: s.Description, Chosen: slices.Contains(texts, s.ID)})
			}
		case "extensions", "dids", "teams":
			c.Class = "limited-only"
		}
	}, nil
}

func addAdministratorPassword(f *form, r *request, errs formErrors) {
	password := newPassword(errs)
	password.Label, password.Required = "Password", false
	c := secretField(password, r, "Leave empty to get a link that lets the administrator choose a password. ")
	c.Section = f.Sections[0].Legend
	f.add(c)
}

// addedAdministrator shows the link that sets the password, unless it is set.
func (a *administratorPages) addedAdministrator(ctx context.Context, _ *request, result resource.Result[ampusers.Administrator]) (response, error) {
	one := result.Record
	if result.Link == nil {
		return redirect{Path: administratorPath(one.Username), Flash: one.Username + " was added and can log in with the password that you set."}, nil
	}
	a.stashSecret(ctx, linkKey, one.Username, result.Link.ExpiresAt, result.Link.URL)
	return redirect{Path: administratorPath(one.Username) + "/invite"}, nil
}

func administratorSaved(before, after *ampusers.Administrator) string {
	if !before.InvitationExpiresAt.IsZero() && after.InvitationExpiresAt.IsZero() {
		return "Saved. Because rights were added, the password link was revoked. Create a new one."
	}
	return "Saved."
}

func administratorDeletion(context.Context, *ampusers.Administrator) ([]string, error) {
	return []string{
		"The administrator is logged out immediately and can no longer log in.",
		"This cannot be undone. To keep the account, disable it instead.",
		"The audit log keeps the administrator's past actions.",
	}, nil
}

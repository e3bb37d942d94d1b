package web

import (
	"cmp"
	"context"
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
	// Nav is the menu; it is empty when nobody is logged in.
	Nav []areaGroup
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
	if !r.isHTMX() {
		data.Flash, data.Warning = p.popSession(ctx, r, flashKey), p.popSession(ctx, r, warningKey)
		data.Undo = p.popUndo(ctx, r)
	}
	return data
}

// product is the name of the product in the settings.
func (p *pages) product() string { return cmp.Or(p.site.Current().Users.Product, "pbxusers") }

// overviewPage is the page /.
type overviewPage struct {
	Areas []area
	// FirstSteps says that nothing is live yet, and NoAMIAccount that there is no
	// AMI account, if the administrator can see them.
	FirstSteps, NoAMIAccount bool
}

func (p *pages) overview(ctx context.Context, r *request) (response, error) {
	body := overviewPage{}
	for _, group := range areaGroupsOf(r.admin) {
		body.Areas = append(body.Areas, group.Areas...)
	}
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

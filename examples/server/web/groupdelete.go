package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/userman"
)

func (v *visit) groupAskDelete() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	return v.askDeleteGroup(g, refusals{status: http.StatusOK})
}

// groupDeletePage shows who is affected when a group goes.
type groupDeletePage struct {
	*userman.Group

	Problems []problem
	Impact   []memberImpact
	// More counts the members that are left out.
	More int
}

// memberImpact is what would change for one member.
type memberImpact struct {
	userman.Impact

	// Href is empty where the visitor may not see people.
	Href string
}

// maxImpact bounds the members that the page shows.
const maxImpact = 100

func (v *visit) askDeleteGroup(g *userman.Group, errs refusals) error {
	impact, total, err := v.people().GroupImpact(v.r.Context(), g.Name, maxImpact)
	if err != nil {
		return err
	}
	page := groupDeletePage{Group: g, Problems: errs.summary(nil), Impact: make([]memberImpact, len(impact)), More: total - len(impact)}
	for i, one := range impact {
		page.Impact[i] = memberImpact{one, v.personHref(one.Username)}
	}
	return v.showStatus(errs.status, "groupdelete", "Delete the group "+g.Name+"?", page)
}

func (v *visit) groupDelete() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	err = v.people().DeleteGroup(v.r.Context(), g.Name, v.form().Has("force"))
	if errs, ok := refusalsOf(err); ok {
		return v.askDeleteGroup(g, errs)
	}
	if err != nil {
		return err
	}
	return v.done("/groups", "The group "+g.Name+" is deleted.")
}

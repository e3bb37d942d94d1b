package web

import (
	"net/http"

	"github.com/pbxusers/pbxusers/userman"
)

func (v *pageHandler) groupConfirmDelete() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	return v.confirmDeleteGroup(g, formErrors{status: http.StatusOK})
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
	userman.MemberImpact

	// Href is empty where the visitor may not see people.
	Href string
}

// maxImpact bounds the members that the page shows.
const maxImpact = 100

func (v *pageHandler) confirmDeleteGroup(g *userman.Group, errs formErrors) error {
	impact, total, err := v.users().PreviewDeleteGroup(v.r.Context(), g.Name, maxImpact)
	if err != nil {
		return err
	}
	page := groupDeletePage{Group: g, Problems: errs.summary(nil), Impact: make([]memberImpact, len(impact)), More: total - len(impact)}
	for i, one := range impact {
		page.Impact[i] = memberImpact{one, v.userHref(one.Username)}
	}
	return v.renderStatus(errs.status, "groupdelete", "Delete group "+g.Name+"?", page)
}

func (v *pageHandler) groupDelete() error {
	g, err := v.group()
	if err != nil {
		return err
	}
	err = v.users().DeleteGroup(v.r.Context(), g.Name, v.form().Has("force"))
	if errs, ok := formErrorsOf(err); ok {
		return v.confirmDeleteGroup(g, errs)
	}
	if err != nil {
		return err
	}
	return v.redirectWithFlash("/groups", "Group "+g.Name+" was deleted.")
}

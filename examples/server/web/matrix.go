package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const (
	// maxColumns bounds the groups that one page of the matrix shows.
	maxColumns = 12
	// maxCellItems bounds the items of a list in a cell.
	maxCellItems = 8
)

// matrixPage is the page /permissions: what each group says of each permission.
type matrixPage struct {
	Problems []problem
	// Who is the field of the form that leads to what somebody may do; nil
	// where the visitor may not see people.
	Who     *formField
	Groups  []matrixGroup
	Modules []module[matrixRow]
	// Span is how many columns there are.
	Span   int
	Paging paging
}

// matrixGroup is a column.
type matrixGroup struct {
	Name, Href string
	Priority   int
}

// matrixRow is a permission, and what each group says of it.
type matrixRow struct {
	permission.Permission

	Cells   []matrixCell
	Default matrixCell
}

// matrixCell is what is said; nothing when Text is empty.
type matrixCell struct {
	// Group is whose it is; empty for the default.
	Group string
	Text  string
	// Tone is the class of the tag: "on" or "off" for switches.
	Tone string
}

func (g *groupPages) matrix(ctx context.Context, r *request) (response, error) {
	username := strings.TrimSpace(r.query("username"))
	if username == "" || !r.admin.Can(app.SectionUsers) {
		return g.matrixPage(ctx, r, "", formErrors{})
	}
	u, err := g.users(ctx).Get(ctx, username)
	switch {
	case err == nil:
		return redirect{Path: userPath(u.Username) + "/permissions"}, nil
	case errors.Is(err, store.ErrNotFound):
		err = invalidField("username", store.CodeUnknown, "user not found; enter a username")
	}
	errs, ok := formErrorsOf(err)
	if !ok {
		return nil, err
	}
	return g.matrixPage(ctx, r, username, errs)
}

func (g *groupPages) matrixPage(ctx context.Context, r *request, username string, errs formErrors) (response, error) {
	groups, err := g.site.Users.Groups(ctx)
	if err != nil {
		return nil, err
	}
	shown, paging := columns(groups, r.query("after"))
	body := matrixPage{Paging: paging, Span: len(shown) + 2}
	if r.admin.Can(app.SectionUsers) {
		const label = "Username"
		body.Problems = errs.summary(map[string]string{"username": label})
		body.Who = &formField{Name: "username", Label: label, Value: username, Autocomplete: "off", Required: true, Errors: errs.forField("username")}
	}
	for _, one := range shown {
		body.Groups = append(body.Groups, matrixGroup{one.Name, g.path(one), one.Priority})
	}
	body.Modules = matrixModules(g.site.Users.Permissions(), shown)
	return formPage(errs, "matrix", "Permission matrix", body), nil
}

// columns are the groups behind the one of that name, as many as a page shows.
func columns(groups []*userman.Group, after string) ([]*userman.Group, paging) {
	const path = "/permissions"
	var p paging
	for i, g := range groups {
		if after != "" && g.Name == after {
			groups, p.First = groups[i+1:], path
			break
		}
	}
	if len(groups) > maxColumns {
		groups = groups[:maxColumns]
		p.Next = listAddress(path, "after", groups[maxColumns-1].Name)
	}
	return groups, p
}

func matrixModules(registered []permission.Permission, groups []*userman.Group) []module[matrixRow] {
	var modules []module[matrixRow]
	for _, p := range registered {
		modules = withRow(modules, p, rowOf(p, groups))
	}
	return modules
}

func rowOf(p permission.Permission, groups []*userman.Group) matrixRow {
	row := matrixRow{Permission: p, Default: cellOf(p.Default), Cells: make([]matrixCell, len(groups))}
	for i, g := range groups {
		// A value of another kind counts for nothing.
		if value, ok := g.Permissions[p.ID]; ok && value.IsList() == (p.Kind != permission.KindBool) {
			row.Cells[i] = cellOf(value)
		}
		row.Cells[i].Group = g.Name
	}
	return row
}

// cellOf says a value in few words.
func cellOf(value permission.Value) matrixCell {
	if !value.IsList() {
		return matrixCell{Text: value.String(), Tone: value.String()}
	}
	items := value.Items()
	more := len(items) - maxCellItems
	if more > 0 {
		items = items[:maxCellItems]
	}
	text := strings.Join(items, ", ")
	switch {
	case len(items) == 0:
		text = "none"
	case more > 0:
		text += fmt.Sprintf(" and %d more", more)
	}
	if value.IsAppend() {
		text = "add " + text
	}
	return matrixCell{Text: text}
}

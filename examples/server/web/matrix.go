package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
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

// matrixPage is the page /permissions: the permissions of each group.
type matrixPage struct {
	Problems []problem
	// Who is the field of the form that leads to the permissions of a user.
	Who     formField
	Groups  []*userman.Group
	Modules []module[matrixRow]
	// Span is how many columns there are.
	Span   int
	Paging paging
}

// matrixRow is a permission and its value in each group.
type matrixRow struct {
	permission.Permission

	Cells   []matrixCell
	Default matrixCell
}

// Unset reports whether no group on the page sets the permission.
func (r matrixRow) Unset() bool {
	return !slices.ContainsFunc(r.Cells, func(c matrixCell) bool { return c.Text != "" })
}

// matrixCell is a value of a permission; Text is empty when it is not set. Tone is
// the class of the tag: "on" or "off" for switches.
type matrixCell struct{ Text, Tone string }

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
	return onFormErrors(err, func(errs formErrors) (response, error) { return g.matrixPage(ctx, r, username, errs) })
}

func (g *groupPages) matrixPage(ctx context.Context, r *request, username string, errs formErrors) (response, error) {
	groups, err := g.site.Users.Groups().List(ctx)
	if err != nil {
		return nil, err
	}
	at := listRequest{Path: "/permissions", page: store.PageRequest{After: r.query("after")}, at: -1}
	shown, next := columns(groups, at.page.After)
	body := matrixPage{
		Groups: shown, Paging: newPaging(at, &store.Page[*userman.Group]{Next: next}), Span: len(shown) + 2,
		Who: formField{Name: "username", Label: "Username", Value: username, Autocomplete: "off", Required: true},
	}
	body.Problems = errs.mark(&body.Who)
	for _, p := range g.site.Users.Permissions() {
		body.Modules = withRow(body.Modules, p, rowOf(p, shown))
	}
	return formPage(errs, "matrix", "Permission matrix", body), nil
}

// columns returns the groups that follow the group named after, as many as a page
// shows. next is the name of the last of them if there are more groups.
func columns(groups []*userman.Group, after string) (shown []*userman.Group, next string) {
	if i := slices.IndexFunc(groups, func(g *userman.Group) bool { return g.Name == after }); i >= 0 {
		groups = groups[i+1:]
	}
	shown, more := firstOf(groups, maxColumns)
	if more > 0 {
		next = shown[len(shown)-1].Name
	}
	return shown, next
}

func rowOf(p permission.Permission, groups []*userman.Group) matrixRow {
	row := matrixRow{Permission: p, Default: cellOf(p.Default), Cells: make([]matrixCell, len(groups))}
	for i, g := range groups {
		// A value of another kind has no effect.
		if value, ok := g.Permissions[p.ID]; ok && value.IsList() == (p.Kind != permission.KindBool) {
			row.Cells[i] = cellOf(value)
		}
	}
	return row
}

// cellOf formats a value.
func cellOf(value permission.Value) matrixCell {
	if !value.IsList() {
		return matrixCell{Text: value.String(), Tone: value.String()}
	}
	items, more := firstOf(value.Items(), maxCellItems)
	text := cmp.Or(strings.Join(items, ", "), "none")
	if more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	if value.IsAppend() {
		text = "add " + text
	}
	return matrixCell{Text: text}
}

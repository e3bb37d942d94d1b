package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
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
	// Problems are the errors of Who, and Form what the form with the permissions has
	// beside them.
	Problems []problem
	Form     form
	// Who is the field of the form that leads to the permissions of a user.
	Who     formField
	Groups  []*userman.Group
	Modules []module[matrixRow]
	// Versions are the versions of the groups when the page was loaded; none for an
	// administrator who may not change groups.
	Versions []string
	// Span is how many columns there are.
	Span   int
	Paging paging
}

// Unset reports whether no group on the page sets a permission.
func (p matrixPage) Unset() bool {
	return !slices.ContainsFunc(p.Modules, func(m module[matrixRow]) bool { return !m.Unset() })
}

// matrixRow is a permission and its value in each group.
type matrixRow struct {
	permission.Permission

	Cells   []matrixCell
	Default matrixCell
}

// Unset reports whether no group on the page sets the permission.
func (r matrixRow) Unset() bool {
	return !slices.ContainsFunc(r.Cells, func(c matrixCell) bool { return c.Text != "" || c.Control != nil && !c.Control.Unset() })
}

// matrixCell is a value of a permission; Text is empty when it is not set. Tone is
// the class of the tag: "on" or "off" for switches. Control sets the value; nil for a
// cell that cannot be edited.
type matrixCell struct {
	Text, Tone string
	Control    *permissionControl
}

func (g *groupPages) matrix(ctx context.Context, r *request) (response, error) {
	username := strings.TrimSpace(r.query("username"))
	if username == "" || !r.admin.Can(app.SectionUsers) {
		return g.matrixPage(ctx, r, "", formErrors{}, nil)
	}
	u, err := g.users(ctx).Get(ctx, username)
	switch {
	case err == nil:
		return redirect{Path: userPath(u.Username) + "#" + permissionsTab}, nil
	case errors.Is(err, store.ErrNotFound):
		err = invalidField("username", store.CodeUnknown, "user not found; enter a username")
	}
	return onFormErrors(err, func(errs formErrors) (response, error) { return g.matrixPage(ctx, r, username, errs, nil) })
}

// matrixPage shows the groups. edits are the input of a form that was not saved; nil
// shows the saved values.
func (g *groupPages) matrixPage(ctx context.Context, r *request, username string, errs formErrors, edits []matrixEdit) (response, error) {
	groups, err := g.site.Users.Groups().List(ctx)
	if err != nil {
		return nil, err
	}
	at := listRequest{Path: "/permissions", page: store.PageRequest{After: r.query("after")}, at: -1}
	shown, next := columns(groups, at.page.After)
	body := matrixPage{
		Groups: shown, Paging: newPaging(at, &store.Page[*userman.Group]{Next: next}), Span: len(shown) + 2, Form: form{Action: listAddress("/permissions", "after", at.page.After)},
		Who: formField{Name: "username", Label: "Username", Value: username, Autocomplete: "off", Required: true},
	}
	mayChange := g.isUnrestricted(ctx)
	if edits == nil {
		body.Problems = errs.mark(&body.Who)
		for _, one := range shown {
			edits = append(edits, matrixEdit{one.Name, g.version(one), g.of(one)})
		}
	} else {
		body.Form.Problems = errs.summary(g.matrixLabels(edits))
	}
	for _, p := range g.site.Users.Permissions() {
		row := rowOf(p, shown)
		for i := range min(len(row.Cells), len(edits)) {
			if mayChange {
				row.Cells[i].Control = matrixControl(p, i, edits[i], errs)
			}
		}
		body.Modules = withRow(body.Modules, p, row)
	}
	if mayChange && len(shown) > 0 {
		body.Form.Submit = "Save"
		for _, e := range edits {
			body.Versions = append(body.Versions, e.version)
		}
	}
	return formPage(errs, "matrix", "Permission matrix", body), nil
}

// matrixEdit is the input for one group, and its version when the page was loaded.
type matrixEdit struct {
	name, version string
	in            input
}

// matrixPrefix begins the names of the controls of the group in column i.
func matrixPrefix(i int) string { return "group" + strconv.Itoa(i) + "." }

// matrixControl returns the control of a permission in column i.
func matrixControl(p permission.Permission, i int, e matrixEdit, errs formErrors) *permissionControl {
	c := newPermissionControl(p, e.in.text(permissionField(p.ID)), formErrors{})
	c.Choice.Label = e.name + ": " + p.Description
	for _, f := range []*formField{&c.Choice, &c.Items} {
		if f.Name != "" {
			f.Name = matrixPrefix(i) + f.Name
			f.Errors = errs.forField(matrixPrefix(i) + permissionField(p.ID))
		}
	}
	return &c
}

// matrixLabels are the labels of the controls by their names.
func (g *groupPages) matrixLabels(edits []matrixEdit) map[string]string {
	labels := map[string]string{}
	for i, e := range edits {
		for name, label := range g.labels(e.in) {
			labels[matrixPrefix(i)+name] = e.name + ", " + label
		}
	}
	return labels
}

// readMatrix reads the form of the matrix. A permission that the form lacks stays.
func (g *groupPages) readMatrix(r *request, groups map[string]*userman.Group) []matrixEdit {
	names, versions := r.PostForm["group"], r.PostForm["version"]
	edits := make([]matrixEdit, min(len(names), len(versions), maxColumns))
	for i := range edits {
		own := url.Values{}
		for name, values := range r.PostForm {
			if rest, ok := strings.CutPrefix(name, matrixPrefix(i)); ok {
				own[rest] = values
			}
		}
		edits[i] = matrixEdit{names[i], versions[i], input{Texts: map[string][]string{}}}
		if now := groups[names[i]]; now != nil {
			edits[i].in = g.of(now)
		}
		for _, p := range g.permissions {
			readPermission(edits[i].in.Texts, own, permissionField(p.ID))
		}
	}
	return edits
}

// saveMatrix saves the groups that were changed, all or none.
func (g *groupPages) saveMatrix(ctx context.Context, r *request) (response, error) {
	list, err := g.site.Users.Groups().List(ctx)
	if err != nil {
		return nil, err
	}
	groups := map[string]*userman.Group{}
	for _, one := range list {
		groups[one.Name] = one
	}
	if !g.isUnrestricted(ctx) { // the service denies it
		_, err := g.Update(ctx, r.form("group"), func(*userman.Group) error { return nil })
		return nil, err
	}
	edits := g.readMatrix(r, groups)
	change := func(ctx context.Context, users *userman.Service) error {
		return g.changeGroups(ctx, users, groups, edits)
	}
	revocations, err := g.users(ctx).PreviewRevocations(ctx, resource.MaxRevocations, change)
	if err == nil && revocations.Total > 0 && r.form("confirmed") != revocationsDigest(revocations) {
		return g.unsavedMatrix(ctx, r, formErrors{}, edits, func(f *form) {
			f.Revocations, f.Confirmed = revocations, revocationsDigest(revocations)
		})
	}
	err = g.site.DB.RunInTx(ctx, func(ctx context.Context) error { return change(ctx, g.users(ctx)) })
	switch {
	case errors.Is(err, errStale):
		return g.staleMatrix(ctx, r, groups, edits)
	case err != nil:
		return onFormErrors(err, func(errs formErrors) (response, error) {
			return g.unsavedMatrix(ctx, r, errs, edits, func(*form) {})
		})
	}
	return redirect{Path: r.URL.RequestURI(), Flash: "Saved. Effective immediately."}, nil
}

// changeGroups updates the groups whose permissions differ from the input.
func (g *groupPages) changeGroups(ctx context.Context, users *userman.Service, groups map[string]*userman.Group, edits []matrixEdit) error {
	var wrong []store.FieldError
	for i, e := range edits {
		now := groups[e.name]
		if now != nil && maps.EqualFunc(g.of(now).Texts, e.in.Texts, slices.Equal) {
			continue
		}
		_, err := users.Groups().Update(ctx, e.name, func(now *userman.Group) error {
			if g.version(now) != e.version {
				return errStale
			}
			return store.NewInvalidError(g.apply(now, e.in, false)...)
		})
		if errors.Is(err, store.ErrNotFound) {
			err = errStale
		}
		if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
			for _, f := range invalid.Fields {
				f.Field = matrixPrefix(i) + f.Field
				wrong = append(wrong, f)
			}
		} else if err != nil {
			return err
		}
	}
	return store.NewInvalidError(wrong...)
}

// staleMatrix shows the input and what someone else has saved since.
func (g *groupPages) staleMatrix(ctx context.Context, r *request, groups map[string]*userman.Group, edits []matrixEdit) (response, error) {
	var differences []difference
	for i, e := range edits {
		now := groups[e.name]
		if now == nil || g.version(now) == e.version {
			continue
		}
		for _, d := range g.conflict(g.of(now), e.in) {
			differences = append(differences, difference{e.name + ", " + d.Label, d.Theirs, d.Yours})
		}
		edits[i].version = g.version(now)
	}
	return g.unsavedMatrix(ctx, r, formErrors{status: http.StatusConflict}, edits, func(f *form) { f.Conflict = differences })
}

// unsavedMatrix shows the input again.
func (g *groupPages) unsavedMatrix(ctx context.Context, r *request, errs formErrors, edits []matrixEdit, complete func(*form)) (response, error) {
	answer, err := g.matrixPage(ctx, r, "", errs, edits)
	if shown, ok := answer.(page); ok {
		if body, ok := shown.Body.(matrixPage); ok {
			complete(&body.Form)
			shown.Body = body
			return shown, err
		}
	}
	return answer, err
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

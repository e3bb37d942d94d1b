package web

import (
	"context"
	"net/url"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// groupPages are the pages of groups and their permissions.
type groupPages struct {
	record[userman.Group]
}

// groupPath is the page of a group.
func groupPath(name string) string { return recordPath("/groups/", name) }

func newGroupPages(p *pages) *groupPages {
	g := &groupPages{}
	g.record = record[userman.Group]{
		pages: p, template: "group", list: "/groups",
		fieldSet: fieldSet[userman.Group]{Type: resource.Groups(p.users), clean: rejectNoPriority, special: g.permissions(), others: map[string]string{"usernames": usernamesLabel}},
		path:     func(one *userman.Group) string { return groupPath(one.Name) },
		load:     g.group, body: g.body,
		title: func(one *userman.Group) string { return "Group " + one.Name },
		blank: func(context.Context, *request) (*userman.Group, error) {
			return &userman.Group{Priority: userman.DefaultPriority}, nil
		},
		created: func(_ context.Context, _ *request, result resource.Result[userman.Group]) (response, error) {
			return redirect{Path: groupPath(result.Record.Name), Flash: "Group added. You can now add members."}, nil
		},
		saved: func(_, _ *userman.Group) string { return "Saved. Effective immediately." },
	}
	return g
}

// group returns the one that the address names.
func (g *groupPages) group(ctx context.Context, r *request) (*userman.Group, error) {
	return g.site.Users.Group(ctx, r.PathValue("name"))
}

func (g *groupPages) routes() []route {
	const section, list, one = app.SectionGroups, "/groups", "/groups/{name}"
	return slices.Concat(g.record.routes(section, list, one), []route{
		get(list, section, g.index), post(one+"/members", section, g.changeMembers),
		get(one+"/delete", section, g.confirmDelete), post(one+"/delete", section, g.deleteGroup),
		get("/permissions", section, g.matrix),
	})
}

// rejectNoPriority keeps a typed 0 from standing for the default.
func rejectNoPriority(m field.Meta, v field.Value, text string) field.Value {
	if m.Name == "priority" && text != "" && v.Int() == 0 {
		return field.IntValue(-1)
	}
	return v
}

// groupListPage is the page /groups.
type groupListPage struct {
	Items []*userman.Group
	// MayChange is false for administrators who are limited to some extensions:
	// they see groups but change none.
	MayChange bool
}

func (g *groupPages) index(ctx context.Context, _ *request) (response, error) {
	groups, err := g.site.Users.Groups(ctx)
	return page{Name: "groups", Title: "Groups", Body: groupListPage{Items: groups, MayChange: g.isUnrestricted(ctx)}}, err
}

// groupPage is the page of one group.
type groupPage struct {
	*userman.Group

	Form      form
	Members   membersPage
	MayChange bool
}

func (g *groupPages) body(ctx context.Context, r *request, now *userman.Group, f form, errs formErrors) (any, error) {
	members, err := g.membersPage(ctx, r, now, errs)
	mayChange := g.isUnrestricted(ctx)
	if !mayChange {
		f.Submit = ""
	}
	return groupPage{Group: now, Form: f, Members: members, MayChange: mayChange}, err
}

// permissions are the controls of what a group permits.
func (g *groupPages) permissions() *special[userman.Group] {
	registered := func() []permission.Permission { return g.site.Users.Permissions() }
	return &special[userman.Group]{
		read: func(form url.Values) any { return readPermissions(form, registered()) },
		of:   func(now *userman.Group) any { return inputOfPermissions(now.Permissions, registered()) },
		set: func(in any, now *userman.Group) []store.FieldError {
			return in.(permissionsInput).fill(&now.Permissions, registered())
		},
		labels: func(any) map[string]string { return permissionLabels(registered()) },
		differences: func(saved, typed any) []difference {
			return conflictOfPermissions(registered(), saved.(permissionsInput), typed.(permissionsInput))
		},
		draw: func(f *form, in input, errs formErrors) {
			for _, p := range registered() {
				f.Permissions = withRow(f.Permissions, p, newPermissionControl(p, in.Special.(permissionsInput)[p.ID], errs))
			}
		},
	}
}

// groupDeletePage shows who is affected when a group is deleted.
type groupDeletePage struct {
	*userman.Group

	Problems []problem
	Impact   []memberImpact
	// More counts the members that are left out.
	More int
}

// memberImpact is what changes for one member.
type memberImpact struct {
	userman.MemberImpact

	// Href is empty when the administrator cannot see users.
	Href string
}

// maxImpact bounds the members that the page shows.
const maxImpact = 100

func (g *groupPages) confirmDelete(ctx context.Context, r *request) (response, error) {
	now, err := g.group(ctx, r)
	if err != nil {
		return nil, err
	}
	return g.deletePage(ctx, r, now, formErrors{})
}

func (g *groupPages) deletePage(ctx context.Context, r *request, now *userman.Group, errs formErrors) (response, error) {
	impact, total, err := g.users(ctx).PreviewDeleteGroup(ctx, now.Name, maxImpact)
	if err != nil {
		return nil, err
	}
	body := groupDeletePage{Group: now, Problems: errs.summary(nil), Impact: make([]memberImpact, len(impact)), More: total - len(impact)}
	for i, one := range impact {
		body.Impact[i] = memberImpact{one, userHref(r, one.Username)}
	}
	return formPage(errs, "groupdelete", "Delete group "+now.Name+"?", body), nil
}

func (g *groupPages) deleteGroup(ctx context.Context, r *request) (response, error) {
	now, err := g.group(ctx, r)
	if err != nil {
		return nil, err
	}
	err = g.Delete(ctx, now.Name, r.PostForm.Has("force"))
	if errs, ok := formErrorsOf(err); ok {
		return g.deletePage(ctx, r, now, errs)
	}
	return redirect{Path: g.list, Flash: "Group " + now.Name + " was deleted."}, err
}

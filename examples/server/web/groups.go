package web

import (
	"context"
	"fmt"
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
	g, permissions := &groupPages{}, p.site.Users.Permissions()
	g.record = withDefaults(record[userman.Group]{
		pages: p, template: "group", listPath: "/groups",
		fieldSet: fieldSet[userman.Group]{
			Type:        withPermissions(*resource.Groups(p.users), permissions, func(now *userman.Group) *permission.Permissions { return &now.Permissions }),
			permissions: permissions, clean: rejectNoPriority, others: map[string]string{"usernames": usernamesLabel},
		},
		tabs: []tab{
			{ID: "settings", Label: "Settings"}, {ID: permissionsTab, Label: "Permissions"}, {ID: "members", Label: "Members"}, {ID: activityTab, Label: "Activity"},
		},
		columns: []column{{"Priority", ""}, {"Group", ""}, {"Members", ""}}, bulk: g.bulkActions(),
		empty: emptyState{
			"users-group", "There are no groups yet.",
			"A group gives its members the same permissions. Make it a default group to include all new users.", "Add the first group", "/groups/new",
		},
		list: func(ctx context.Context, _ *request, body *listPage[userman.Group]) error {
			unrestricted := g.isUnrestricted(ctx)
			if body.Extra = unrestricted; !unrestricted { // they see groups but change none
				body.Bulk, body.Empty.Href = nil, ""
			}
			return nil
		},
		path: func(one *userman.Group) string { return groupPath(one.Name) },
		load: func(ctx context.Context, r *request) (*userman.Group, error) {
			return p.site.Users.Groups().Get(ctx, r.PathValue("name"))
		},
		describe: g.describe,
		blank: func(context.Context, *request) (*userman.Group, error) {
			return &userman.Group{Priority: userman.DefaultPriority}, nil
		},
		created: func(_ context.Context, _ *request, result resource.Result[userman.Group]) (response, error) {
			return redirect{Path: groupPath(result.Record.Name), Flash: "Group added. You can now add members."}, nil
		},
		saved: func(_, _ *userman.Group) string { return "Saved. Effective immediately." },
	})
	return g
}

func (g *groupPages) routes() []route {
	const section, one = app.SectionGroups, "/groups/{name}"
	return slices.Concat(g.record.routes(section, "/groups", one), g.confirmed(section, one, "/delete", g.askDelete, g.delete), []route{
		post(one+"/members", section, g.acting(g.changeMembers)), get("/permissions", section, g.matrix), post("/permissions", section, g.saveMatrix),
	})
}

// bulkActions are the actions on selected groups.
func (g *groupPages) bulkActions() []bulkAction[userman.Group] {
	return []bulkAction[userman.Group]{{
		Name: "delete", Label: "Delete", Danger: true, Done: "deleted",
		ask: func(_ context.Context, _ *request, now *userman.Group) (notes []string, needed bool, err error) {
			if now.Members > 0 {
				notes = append(notes, fmt.Sprintf("%d in the group. They lose the permissions that only this group grants.", now.Members))
			}
			if now.Default {
				notes = append(notes, "This is a default group: new users will no longer be added to it.")
			}
			return notes, true, nil
		},
		do: func(ctx context.Context, _ *request, now *userman.Group) error { return g.Delete(ctx, now.Name, true) },
	}}
}

// rejectNoPriority rejects a typed 0, which would select the default.
func rejectNoPriority(m field.Meta, v field.Value, text string) field.Value {
	if m.Name == "priority" && text != "" && v.Int() == 0 {
		return field.IntValue(-1)
	}
	return v
}

// describe lists the members, and makes the form read-only for administrators who
// are limited to some extensions.
func (g *groupPages) describe(ctx context.Context, r *request, body *recordPage[userman.Group], errs formErrors) error {
	members, err := g.membersPage(ctx, r, body.Record, errs)
	body.Extra = members
	body.Form.tab("members").Count = body.Record.Members
	if !g.isUnrestricted(ctx) {
		body.Form.Submit = ""
	}
	return err
}

// groupDeletion is what the deletion of a group changes. More counts the members
// that the page leaves out.
type groupDeletion struct {
	Impact []userman.MemberImpact
	More   int
	// Revocations are the members whose credentials end.
	Revocations *userman.Revocations
}

// maxImpact bounds the members that the page shows.
const maxImpact = 100

// askDelete shows who is affected when a group is deleted. A group with members
// needs force.
func (g *groupPages) askDelete(ctx context.Context, _ *request, now *userman.Group, c *confirmation) error {
	impact, err := g.users(ctx).Groups().PreviewDelete(ctx, now.Name, maxImpact)
	if err != nil {
		return err
	}
	c.Wide, c.Extra = len(impact.Items) > 0, groupDeletion{impact.Items, impact.Total - len(impact.Items), impact.Revocations}
	return nil
}

func (g *groupPages) delete(ctx context.Context, r *request, now *userman.Group) (response, error) {
	return redirect{Path: g.listPath, Flash: "Group " + now.Name + " was deleted."}, g.Delete(ctx, now.Name, r.PostForm.Has("force"))
}

// membersPage lists the members of a group, with a form that adds members.
type membersPage struct {
	Items  []*userman.User
	Paging paging
	Adding formField
}

const usernamesLabel = "Usernames"

// membersPage lists the members in the scope of the administrator.
func (g *groupPages) membersPage(ctx context.Context, r *request, now *userman.Group, errs formErrors) (membersPage, error) {
	at := listRequest{Path: g.path(now), page: placeOf(r), at: atOf(r)}
	list, err := g.users(ctx).List(ctx, userman.Query{Group: now.Name, PageRequest: at.page})
	if err != nil {
		return membersPage{}, err
	}
	chips := ""
	if r.admin.Can(app.SectionUsers) {
		chips = suggestions("username")
	}
	return membersPage{
		Items: list.Items, Paging: newPaging(at, list),
		Adding: formField{
			Name: "usernames", Label: usernamesLabel, Value: r.form("usernames"), Rows: 2, Form: "do-members", Chips: chips, Errors: errs.forField("usernames"),
			Hint: "One or more usernames, separated by commas. They become members when you press Add to group.",
		},
	}, nil
}

// memberChange is a change of members that ends credentials.
type memberChange struct {
	// Do is "add" or "remove".
	Do          string
	Usernames   []string
	Revocations *userman.Revocations
	// Confirmed is the value that confirms the revocations.
	Confirmed string
}

// changeMembers adds members to a group or removes them. It asks first if this ends
// credentials.
func (g *groupPages) changeMembers(ctx context.Context, r *request, now *userman.Group) (response, error) {
	change, done := (*userman.GroupService).AddMembers, "%s added to %s."
	usernames := append(field.SplitList(r.form("usernames")), r.PostForm["member"]...)
	if r.form("do") == "remove" {
		change, done = (*userman.GroupService).RemoveMembers, "%s removed from %s."
	}
	switch {
	case len(usernames) == 0 && r.form("do") == "remove":
		return nil, &store.ConflictError{Reason: "no members selected"}
	case len(usernames) == 0:
		return nil, invalidField("usernames", store.CodeRequired, "enter at least one username")
	}
	revocations, err := g.users(ctx).PreviewRevocations(ctx, resource.MaxRevocations, func(ctx context.Context, users *userman.Service) error {
		return change(users.Groups(), ctx, now.Name, usernames...)
	})
	if err == nil && revocations.Total > 0 && r.form("confirmed") != revocationsDigest(revocations) {
		asked := memberChange{r.form("do"), usernames, revocations, revocationsDigest(revocations)}
		return confirmation{Record: now, Extra: asked, Action: g.path(now) + "/members", Back: g.path(now)}.response("group-members", formErrors{}), nil
	}
	counted := fmt.Sprintf("%d users", len(usernames))
	if len(usernames) == 1 {
		counted = usernames[0]
	}
	return redirect{Path: g.path(now) + "#members", Flash: fmt.Sprintf(done, counted, now.Name)}, change(g.users(ctx).Groups(), ctx, now.Name, usernames...)
}

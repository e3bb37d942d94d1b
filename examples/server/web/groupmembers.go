package web

import (
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// membersPage lists the members of a group, with a form that adds members.
type membersPage struct {
	Items  []memberRow
	Paging paging
	Adding formField
	// Directory manages the members; empty for a group that is managed here.
	Directory string
}

const usernamesLabel = "Usernames"

// memberRow is one member. Href is empty when the administrator cannot see users.
type memberRow struct{ Username, Name, Href string }

// membersPage lists the members in the scope of the administrator.
func (g *groupPages) membersPage(ctx context.Context, r *request, now *userman.Group, errs formErrors) (membersPage, error) {
	at := listRequest{Path: g.path(now), page: store.PageRequest{After: r.query("after")}}
	list, err := g.users(ctx).List(ctx, userman.Query{Group: now.Name, PageRequest: at.page})
	if err != nil {
		return membersPage{}, err
	}
	body := membersPage{
		Items: make([]memberRow, len(list.Items)), Directory: now.Directory, Paging: at.paging(list.Next),
		Adding: formField{
			Name: "usernames", Label: usernamesLabel, Value: r.form("usernames"), Rows: 2, Errors: errs.forField("usernames"),
			Hint: "One or more usernames, separated by commas or one per line.",
		},
	}
	for i, u := range list.Items {
		body.Items[i] = memberRow{u.Username, u.Name(), userHref(r, u.Username)}
	}
	return body, nil
}

// changeMembers adds members to a group or removes them.
func (g *groupPages) changeMembers(ctx context.Context, r *request) (response, error) {
	now, err := g.group(ctx, r)
	if err != nil {
		return nil, err
	}
	users, done := g.users(ctx), "Added %d."
	change, usernames := users.AddMembers, field.SplitList(r.form("usernames"))
	if r.form("do") == "remove" {
		change, usernames, done = users.RemoveMembers, r.PostForm["member"], "Removed %d."
	}
	if err = requireUsernames(usernames, r.form("do")); err == nil {
		err = change(ctx, now.Name, usernames...)
	}
	if err != nil {
		return g.actionErrors(ctx, r, now, err)
	}
	return redirect{Path: g.path(now) + "#members", Flash: fmt.Sprintf(done, len(usernames))}, nil
}

// requireUsernames rejects an empty choice.
func requireUsernames(usernames []string, do string) error {
	switch {
	case len(usernames) > 0:
		return nil
	case do == "remove":
		return &store.ConflictError{Reason: "no members selected"}
	}
	return store.NewInvalidError(store.FieldError{Field: "usernames", Code: "required", Message: "enter at least one username"})
}

package web

import (
	"context"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// userListPage is the page /users.
type userListPage struct {
	listRequest

	Heads  []tableHeader
	Items  []*userman.User
	Paging paging
	// Filters narrow the list, and Filtered says that one is set.
	Filters  []formField
	Filtered bool
	// Deleted says that the list has deleted users only.
	Deleted bool
}

func (u *userPages) index(ctx context.Context, r *request) (response, error) {
	req, err := newListRequest(r, "Search all text fields", u.Sort)
	if err != nil {
		return nil, err
	}
	query, err := userQuery(r)
	if err != nil {
		return nil, err
	}
	query.Search, query.Sort, query.PageRequest = req.Search, req.order, req.page
	req = req.withFilter("status", string(query.Status)).withFilter("group", query.Group).withFilter("not_welcomed", r.query("not_welcomed"))
	list, err := u.users(ctx).List(ctx, query)
	if err != nil {
		return nil, err
	}
	groups, err := u.users(ctx).Groups(ctx)
	if err != nil {
		return nil, err
	}
	body := userListPage{
		listRequest: req, Items: list.Items, Paging: req.paging(list.Next), Filters: userFilters(query, groups), Filtered: len(req.Kept) > 0,
		Deleted: query.Status == userman.StatusDeleted,
	}
	title, last := "Users", []column{{"Status", ""}, {"Last login", "last_login_at"}}
	if body.Deleted {
		title, last = "Deleted users", []column{{"Deleted", ""}, {"Actions", ""}}
	}
	body.Heads = req.headers(append([]column{
		{"Username", "username"}, {"Name", "last_name"}, {"Default extension", "default_extension"}, {"Email", ""}, {"Groups", ""},
	}, last...)...)
	return page{Name: "users", Title: title, Body: body}, nil
}

// userQuery reads the filters of the address.
func userQuery(r *request) (userman.Query, error) {
	q := userman.Query{Status: userman.Status(r.query("status")), Group: r.query("group"), NotWelcomed: r.query("not_welcomed") != ""}
	switch q.Status {
	case "", userman.StatusEnabled, userman.StatusDisabled, userman.StatusDeleted:
		return q, nil
	default:
		return q, store.NewInvalidError(store.FieldError{Field: "status", Code: "oneof", Message: "choose enabled, disabled or deleted"})
	}
}

// userFilters draws the filters as they are set.
func userFilters(q userman.Query, groups []*userman.Group) []formField {
	status := formField{Name: "status", Label: "Status", Choices: []choice{{Label: "Enabled or disabled", Chosen: q.Status == ""}}}
	for _, s := range []userman.Status{userman.StatusEnabled, userman.StatusDisabled, userman.StatusDeleted} {
		status.Choices = append(status.Choices, choice{Value: string(s), Label: capitalized(string(s)), Chosen: q.Status == s})
	}
	of := formField{Name: "group", Label: "Group", Choices: []choice{{Label: "Any"}}}
	for _, g := range groups {
		of.Choices = append(of.Choices, choice{
			Value: g.Name, Label: g.Name, Chosen: userman.FoldGroupName(g.Name) == userman.FoldGroupName(q.Group),
		})
	}
	return []formField{status, of, {Name: "not_welcomed", Label: "Welcome email", Choices: []choice{
		{Label: "Any"}, {Value: "1", Label: "Not sent yet", Chosen: q.NotWelcomed},
	}}}
}

package web

import (
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// userListPage is the page /users.
type userListPage struct {
	listRequest

	Heads  []tableHeader
	Items  []*userman.User
	Paging paging
	// Filters narrow the list, and Filtered says that one does.
	Filters  []field
	Filtered bool
	// Deleted says that the list has deleted users only.
	Deleted bool
}

// users are those that the visitor may see and change.
func (v *pageHandler) users() *userman.Service { return v.site.UsersFor(v.admin) }

func (v *pageHandler) userList() error {
	req, err := v.listRequest("Search all text fields", userman.SortFields())
	if err != nil {
		return err
	}
	query, err := v.userQuery()
	if err != nil {
		return err
	}
	query.Search, query.Sort, query.PageRequest = req.Search, req.order, req.page
	req = req.withFilter("status", string(query.Status)).withFilter("group", query.Group).
		withFilter("not_welcomed", v.r.URL.Query().Get("not_welcomed"))
	list, err := v.users().List(v.r.Context(), query)
	if err != nil {
		return err
	}
	filters, err := v.userFilters(query)
	if err != nil {
		return err
	}
	page := userListPage{
		listRequest: req, Items: list.Items, Paging: req.paging(list.Next), Filters: filters, Filtered: len(req.Kept) > 0,
		Deleted: query.Status == userman.StatusDeleted,
	}
	columns := []column{
		{"Username", "username"}, {"Name", "last_name"}, {"Default extension", "default_extension"}, {"Email", ""}, {"Groups", ""},
	}
	if page.Deleted {
		page.Heads = req.headers(append(columns, column{"Deleted", ""}, column{"Actions", ""})...)
		return v.render("users", "Deleted users", page)
	}
	page.Heads = req.headers(append(columns, column{"Status", ""}, column{"Last login", "last_login_at"})...)
	return v.render("users", "Users", page)
}

// userQuery reads the filters of the address.
func (v *pageHandler) userQuery() (userman.Query, error) {
	query := v.r.URL.Query()
	q := userman.Query{Status: userman.Status(query.Get("status")), Group: query.Get("group"), NotWelcomed: query.Get("not_welcomed") != ""}
	switch q.Status {
	case "", userman.StatusEnabled, userman.StatusDisabled, userman.StatusDeleted:
		return q, nil
	default:
		return q, store.NewInvalidError(store.FieldError{Field: "status", Code: "oneof", Message: "choose enabled, disabled or deleted"})
	}
}

// userFilters draws the filters as they are set.
func (v *pageHandler) userFilters(q userman.Query) ([]field, error) {
	groups, err := v.users().Groups(v.r.Context())
	if err != nil {
		return nil, err
	}
	status := field{Name: "status", Label: "Status", Choices: []choice{
		{Value: "", Label: "Enabled or disabled", Chosen: q.Status == ""},
		{Value: string(userman.StatusEnabled), Label: "Enabled", Chosen: q.Status == userman.StatusEnabled},
		{Value: string(userman.StatusDisabled), Label: "Disabled", Chosen: q.Status == userman.StatusDisabled},
		{Value: string(userman.StatusDeleted), Label: "Deleted", Chosen: q.Status == userman.StatusDeleted},
	}}
	of := field{Name: "group", Label: "Group", Choices: []choice{{Value: "", Label: "Any"}}}
	for _, g := range groups {
		of.Choices = append(of.Choices, choice{
			Value: g.Name, Label: g.Name, Chosen: userman.FoldGroupName(g.Name) == userman.FoldGroupName(q.Group),
		})
	}
	welcomed := field{Name: "not_welcomed", Label: "Welcome email", Choices: []choice{
		{Value: "", Label: "Any"}, {Value: "1", Label: "Not sent yet", Chosen: q.NotWelcomed},
	}}
	return []field{status, of, welcomed}, nil
}

package web

import (
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// personListPage is the page /people.
type personListPage struct {
	listing

	Heads  []head
	Items  []*userman.User
	Paging paging
	// Filters narrow the list, and Filtered says that one does.
	Filters  []field
	Filtered bool
}

// people are those that the visitor may see and change.
func (v *visit) people() *userman.Service { return v.site.PeopleFor(v.visitor) }

func (v *visit) personList() error {
	asked, err := v.listing("Search names, emails, numbers and any other text", userman.OrderFields())
	if err != nil {
		return err
	}
	query, err := v.personQuery()
	if err != nil {
		return err
	}
	query.Search, query.Order, query.Page = asked.Search, asked.order, asked.page
	asked = asked.keeping("status", string(query.Status)).keeping("group", query.Group).
		keeping("not_welcomed", v.r.URL.Query().Get("not_welcomed"))
	list, err := v.people().List(v.r.Context(), query)
	if err != nil {
		return err
	}
	filters, err := v.personFilters(query)
	if err != nil {
		return err
	}
	return v.show("people", "People", personListPage{
		listing: asked, Items: list.Items, Paging: asked.paging(list.Next), Filters: filters, Filtered: len(asked.Kept) > 0,
		Heads: asked.heads(
			column{"Username", "username"}, column{"Name", "last_name"}, column{"Default extension", "default_extension"}, column{"Email", ""},
			column{"Groups", ""}, column{"Status", ""}, column{"Last login", "last_login_at"},
		),
	})
}

// personQuery reads the filters of the address.
func (v *visit) personQuery() (userman.Query, error) {
	asked := v.r.URL.Query()
	q := userman.Query{Status: userman.Status(asked.Get("status")), Group: asked.Get("group"), NotWelcomed: asked.Get("not_welcomed") != ""}
	switch q.Status {
	case "", userman.Enabled, userman.Disabled:
		return q, nil
	default:
		return q, store.Invalid(store.FieldError{Field: "status", Code: "oneof", Message: "choose enabled, disabled, or nothing for both"})
	}
}

// personFilters draws the filters as they are set.
func (v *visit) personFilters(q userman.Query) ([]field, error) {
	groups, err := v.people().Groups(v.r.Context())
	if err != nil {
		return nil, err
	}
	status := field{Name: "status", Label: "Status", Choices: []choice{
		{Value: "", Label: "Everybody", Chosen: q.Status == ""},
		{Value: string(userman.Enabled), Label: "Enabled", Chosen: q.Status == userman.Enabled},
		{Value: string(userman.Disabled), Label: "Disabled", Chosen: q.Status == userman.Disabled},
	}}
	of := field{Name: "group", Label: "Group", Choices: []choice{{Value: "", Label: "Any"}}}
	for _, g := range groups {
		of.Choices = append(of.Choices, choice{
			Value: g.Name, Label: g.Name, Chosen: userman.FoldGroupName(g.Name) == userman.FoldGroupName(q.Group),
		})
	}
	welcomed := field{Name: "not_welcomed", Label: "Welcome mail", Choices: []choice{
		{Value: "", Label: "Sent or not"}, {Value: "1", Label: "Not sent yet", Chosen: q.NotWelcomed},
	}}
	return []field{status, of, welcomed}, nil
}

package web

import (
	"github.com/pbxusers/pbxusers/ampusers"
)

// administratorListPage is the page /administrators.
type administratorListPage struct {
	listing

	Heads  []head
	Items  []*ampusers.Administrator
	Paging paging
	// Names are those of the sections by their ids.
	Names map[string]string
}

func (v *visit) administratorList() error {
	asked, err := v.listing("Search by username or display name", ampusers.OrderFields())
	if err != nil {
		return err
	}
	list, err := v.administrators().List(v.r.Context(), ampusers.Query{Search: asked.Search, Order: asked.order, Page: asked.page})
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, s := range v.site.Administrators.Sections() {
		names[s.ID] = s.Name
	}
	return v.show("administrators", "Administrators", administratorListPage{
		listing: asked, Items: list.Items, Paging: asked.paging(list.Next), Names: names,
		Heads: asked.heads(
			column{"Username", "username"}, column{"Display name", ""}, column{"Access", ""}, column{"Sections", ""},
			column{"Status", ""}, column{"Created", "created_at"}, column{"Last login", "last_login_at"},
		),
	})
}

package web

import (
	"github.com/pbxusers/pbxusers/ampusers"
)

// administratorListPage is the page /administrators.
type administratorListPage struct {
	listRequest

	Heads  []tableHeader
	Items  []*ampusers.Administrator
	Paging paging
	// Names are those of the sections by their ids.
	Names map[string]string
}

func (v *pageHandler) administratorList() error {
	req, err := v.listRequest("Search by username or display name", ampusers.SortFields())
	if err != nil {
		return err
	}
	list, err := v.administrators().List(v.r.Context(), ampusers.Query{Search: req.Search, Sort: req.order, PageRequest: req.page})
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, s := range v.site.Administrators.Sections() {
		names[s.ID] = s.Name
	}
	return v.render("administrators", "Administrators", administratorListPage{
		listRequest: req, Items: list.Items, Paging: req.paging(list.Next), Names: names,
		Heads: req.headers(
			column{"Username", "username"}, column{"Display name", ""}, column{"Access", ""}, column{"Sections", ""},
			column{"Status", ""}, column{"Created", "created_at"}, column{"Last login", "last_login_at"},
		),
	})
}

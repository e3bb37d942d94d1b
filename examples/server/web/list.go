package web

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
)

// listPage is the page of a list of records.
type listPage[R any] struct {
	listRequest

	Heads  []tableHeader
	Items  []*R
	Paging paging
	// Extra is the data that only this list shows.
	Extra   any
	columns []column
}

// listRecords shows the records that the address asks for.
func (rp *record[R]) listRecords(ctx context.Context, r *request) (response, error) {
	req, err := newListRequest(r, rp.search, rp.Sort)
	if err != nil {
		return nil, err
	}
	q := resource.Query{Search: req.Search, Sort: req.order, PageRequest: req.page, Owner: rp.owner.Username}
	if q.Filters, err = listFilters(r, rp.Filters); err != nil {
		return nil, err
	}
	for _, m := range rp.Filters {
		req.keep(m.Name, r.query(m.Name))
	}
	list, err := rp.List(ctx, q)
	if err != nil {
		return nil, err
	}
	body := listPage[R]{listRequest: req, Items: make([]*R, len(list.Items)), Paging: req.paging(list.Next), columns: rp.columns}
	for i, item := range list.Items {
		body.Items[i] = item.Record
	}
	if rp.list != nil {
		if err := rp.list(ctx, r, &body); err != nil {
			return nil, err
		}
	}
	body.Heads = body.headers(body.columns...)
	return page{Name: rp.template + "s", Body: body}, nil
}

// listFilters reads the filters of the address. As in a form, a switch is on when
// it has any value.
func listFilters(r *request, metas []field.Meta) (map[string]field.Value, error) {
	filters := map[string]field.Value{}
	for _, m := range metas {
		text := r.query(m.Name)
		switch {
		case text == "":
		case m.Kind == field.KindBool:
			filters[m.Name] = field.BoolValue(true)
		case len(m.OneOf) > 0 && !slices.Contains(m.OneOf, text):
			return nil, invalidField(m.Name, store.CodeOneOf, "choose one of "+strings.Join(m.OneOf, ", "))
		default:
			filters[m.Name] = field.TextValue(text)
		}
	}
	return filters, nil
}

// listRequest is the search, order, filters and place in the address of a list.
type listRequest struct {
	Path  string
	Label string
	// Search is the text searched for, and Sort the order as in the address.
	Search, Sort string
	// Kept are the other filters by their names in the address. All links of the list
	// contain them.
	Kept map[string]string

	order store.Sort
	page  store.PageRequest
}

// newListRequest reads the address of a list. It returns a [store.InvalidError]
// when the list cannot be sorted as asked.
func newListRequest(r *request, label string, fields []string) (listRequest, error) {
	query := r.URL.Query()
	order, err := store.ParseSort(query.Get("sort"), fields)
	return listRequest{
		Path: r.URL.Path, Label: label, Search: query.Get("search"), Sort: query.Get("sort"), Kept: map[string]string{},
		order: order, page: store.PageRequest{After: query.Get("after")},
	}, err
}

// address returns the address of the same list at another place or in another
// order.
func (l listRequest) address(sort, after string) string {
	pairs := []string{"search", l.Search, "sort", sort, "after", after}
	for name, value := range l.Kept {
		pairs = append(pairs, name, value)
	}
	return listAddress(l.Path, pairs...)
}

// keep adds a filter. An empty value is none.
func (l listRequest) keep(name, value string) {
	if value != "" {
		l.Kept[name] = value
	}
}

// paging are the links below the list.
func (l listRequest) paging(next string) paging {
	var p paging
	if l.page.After != "" {
		p.First = l.address(l.Sort, "")
	}
	if next != "" {
		p.Next = l.address(l.Sort, next)
	}
	return p
}

// paging are links to other pages of a list; empty for none.
type paging struct{ First, Next string }

// tableHeader is one header of a list's table.
type tableHeader struct {
	Label string
	// Href sorts by this column; empty when the list cannot.
	Href string
	// Sorted is the value of aria-sort.
	Sorted string
}

// column is a header and the field to sort by; "" for none.
type column struct{ label, sort string }

// headers returns the headers. The header of the sorted column reverses the
// order; by default that is the first column.
func (l listRequest) headers(columns ...column) []tableHeader {
	all := make([]tableHeader, len(columns))
	for i, c := range columns {
		all[i].Label = c.label
		if c.sort == "" {
			continue
		}
		order := store.Sort{By: c.sort}
		if l.order.By == c.sort || l.order.By == "" && i == 0 {
			all[i].Sorted = "ascending"
			order.Descending = true
			if l.order.Descending {
				all[i].Sorted, order.Descending = "descending", false
			}
		}
		all[i].Href = l.address(order.String(), "")
	}
	return all
}

// firstOf returns at most n items, and how many are left out.
func firstOf[T any](items []T, n int) (first []T, more int) {
	more = max(len(items)-n, 0)
	return items[:len(items)-more], more
}

// listAddress adds the pairs that are not empty to a path.
func listAddress(path string, pairs ...string) string {
	query := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			query.Set(pairs[i], pairs[i+1])
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

package web

import (
	"cmp"
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// listPage is the page of a list of records.
type listPage[R any] struct {
	listTools

	Heads []tableHeader
	Items []*R
	Bulk  []bulkButton
	// Extra is the data that only this list shows.
	Extra   any
	columns []column
}

// listTools are what stands around the table of a list.
type listTools struct {
	listRequest

	Paging paging
	// Filters narrow the list, and Chips are those that are set.
	Filters []formField
	Chips   []chip
	// Problems are the errors of filters.
	Problems []problem
	// Empty is what a list without records shows, unless it is Narrowed by a search or a
	// filter.
	Empty    emptyState
	Narrowed bool
	// Count says how many records there are, such as "6 of 130 users match".
	Count string
	// Export is the address of the list as a file, "" for none.
	Export string
}

// chip is a filter of a list. Href is the list without it.
type chip struct{ Label, Href, name string }

// emptyState is what stands in place of an empty list, and the first action.
type emptyState struct{ Icon, Title, Text, Action, Href string }

// listRecords shows the records that the address asks for.
func (rp *record[R]) listRecords(ctx context.Context, r *request) (response, error) {
	req, q, err := rp.listQuery(r)
	if err != nil {
		return nil, err
	}
	q.Count = true
	list, err := rp.List(ctx, q)
	if err != nil {
		return nil, err
	}
	body := listPage[R]{
		listTools: listTools{listRequest: req, Paging: newPaging(req, list), Empty: rp.empty}, Items: make([]*R, len(list.Items)), columns: rp.columns,
	}
	for i, item := range list.Items {
		body.Items[i] = item.Record
	}
	if err := rp.addFilters(ctx, r, &body); err != nil {
		return nil, err
	}
	if rp.list != nil {
		if err := rp.list(ctx, r, &body); err != nil {
			return nil, err
		}
	}
	if err := rp.count(ctx, q, &body); err != nil {
		return nil, err
	}
	body.Export = rp.listPath + "/export" + strings.TrimPrefix(req.address(req.Sort), req.Path)
	body.Heads = body.headers(body.columns...)
	if len(body.Bulk) > 0 {
		body.Heads = append([]tableHeader{{Select: true}}, body.Heads...)
	}
	return page{Name: rp.template + "s", Body: body, Header: func(h http.Header) {
		if r.isHTMX() { // without the empty values of the form
			h.Set("Hx-Push-Url", req.address(req.Sort))
		}
	}}, nil
}

// count says how many records the list has, and how many it has without the search and
// the filters.
func (rp *record[R]) count(ctx context.Context, q resource.Query, body *listPage[R]) error {
	of := 0
	if body.Narrowed && body.Paging.Total > 0 {
		q.Search, q.PageRequest = "", store.PageRequest{Limit: 1, Count: true}
		q.Filters = maps.Clone(q.Filters)
		maps.DeleteFunc(q.Filters, func(name string, _ field.Value) bool { return body.base[name] == "" })
		all, err := rp.List(ctx, q)
		if err != nil {
			return err
		}
		if of = all.Total; all.AtLeast {
			of = 0
		}
	}
	body.Count = body.countOf(of, rp.Name, rp.Plural)
	return nil
}

// countOf says how many of that many records the list shows; of is 0 if it is unknown.
func (l *listTools) countOf(of int, one, many string) string {
	n, noun, text := l.Paging.Total, many, groupDigits(l.Paging.Total)
	if cmp.Or(of, n) == 1 {
		noun = one
	}
	if l.Paging.AtLeast {
		text += " or more"
	}
	switch {
	case !l.Narrowed:
		return text + " " + noun
	case n == 0 && l.Paging.To == 0:
		return nothingMatches
	case n == 0: // uncounted
		return "Filtered " + many
	}
	if of > 0 {
		text += " of " + groupDigits(of)
	}
	if n == 1 {
		return text + " " + noun + " matches"
	}
	return text + " " + noun + " match"
}

// nothingMatches says that no record is left.
const nothingMatches = "Nothing matches"

// listQuery reads the address of a list, and of its export.
func (rp *record[R]) listQuery(r *request) (listRequest, resource.Query, error) {
	req, err := newListRequest(r, rp.search, rp.Sort)
	if err != nil {
		return req, resource.Query{}, err
	}
	if req.order.By == "" {
		req.order.By = rp.columns[0].sort
	}
	q := resource.Query{Search: req.Search, Sort: req.order, PageRequest: req.page, Owner: rp.owner.Username}
	q.Filters, err = listFilters(r, rp.Filters)
	for _, m := range rp.Filters {
		req.keep(m.Name, r.query(m.Name))
	}
	return req, q, err
}

// addFilters draws the filters, and the chips of those that are set. A filter without
// choices has a chip only.
func (rp *record[R]) addFilters(ctx context.Context, r *request, body *listPage[R]) error {
	choices := map[string][]choice{}
	if rp.filterChoices != nil {
		var err error
		if choices, err = rp.filterChoices(ctx); err != nil {
			return err
		}
	}
	for _, m := range rp.Filters {
		value := r.query(m.Name)
		label := value
		if options := choices[m.Name]; len(options) > 0 {
			f := formField{Name: m.Name, Label: m.Label, Choices: append([]choice{{Label: "Any"}}, options...)}
			for i, c := range f.Choices {
				f.Choices[i].Chosen = userman.FoldSearch(c.Value) == userman.FoldSearch(value)
				if f.Choices[i].Chosen {
					label = c.Label
				}
			}
			body.Filters = append(body.Filters, f)
		}
		if m.Kind == field.KindBool {
			label = "yes"
		}
		if value != "" {
			body.Chips = append(body.Chips, chip{m.Label + ": " + label, body.without(m.Name), m.Name})
		}
	}
	body.Bulk, body.Narrowed = rp.bulkButtons(choices), body.Search != "" || len(body.Kept) > 0
	return nil
}

// filterMeta describes a filter.
func (rp *record[R]) filterMeta(name string) field.Meta {
	i := slices.IndexFunc(rp.Filters, func(m field.Meta) bool { return m.Name == name })
	return rp.Filters[i]
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

// exportRecords sends all records that the list shows as CSV.
func (rp *record[R]) exportRecords(ctx context.Context, r *request) (response, error) {
	_, q, err := rp.listQuery(r)
	if err != nil {
		return nil, err
	}
	q.PageRequest = store.PageRequest{}
	if err := rp.site.AuditLog.Record(ctx, audit.Event{Action: "export", Kind: rp.Kind}); err != nil {
		return nil, err
	}
	name := strings.ReplaceAll(strings.ToLower(rp.Plural), " ", "-") + ".csv"
	return download{name, func(w io.Writer) error { return rp.WriteCSV(ctx, w, q) }}, nil
}

// listLimits are the numbers of records that a page can have.
func listLimits() []int { return []int{25, store.DefaultPageLimit, 100, 200} }

// listRequest is the search, order, filters and place in the address of a list.
type listRequest struct {
	Path  string
	Label string
	// Search is the text searched for, and Sort the order as in the address.
	Search, Sort string
	// Limit is the number of records on a page; 0 for the default.
	Limit int
	// Kept are the other filters by their names in the address. All links of the list
	// contain them.
	Kept map[string]string

	order store.Sort
	page  store.PageRequest
	// base are the filters that the list always has.
	base map[string]string
	// at is the number of records before the page, or before its end if it is backward;
	// -1 if it is unknown.
	at int
}

// newListRequest reads the address of a list. It returns a [store.InvalidError]
// when the list cannot be sorted as asked.
func newListRequest(r *request, label string, fields []string) (listRequest, error) {
	order, err := store.ParseSort(r.query("sort"), fields)
	l := listRequest{Path: r.URL.Path, Label: label, Search: r.query("search"), Sort: r.query("sort"), Kept: map[string]string{}, order: order, page: placeOf(r), at: atOf(r)}
	if limit, _ := strconv.Atoi(r.query("limit")); slices.Contains(listLimits(), limit) && limit != store.DefaultPageLimit {
		l.Limit, l.page.Limit = limit, limit
	}
	return l, err
}

// placeOf returns the page of a list that the address names.
func placeOf(r *request) store.PageRequest {
	return store.PageRequest{After: r.query("after"), Before: r.query("before")}
}

// atOf returns the place in the list that the address names; -1 if it names none.
func atOf(r *request) int {
	at, err := strconv.Atoi(r.query("at"))
	if err != nil || at < 0 {
		return -1
	}
	return at
}

// address returns the address of the same list in another order, with further pairs.
func (l listRequest) address(sort string, pairs ...string) string {
	pairs = append(pairs, "search", l.Search, "sort", sort)
	if l.Limit != 0 {
		pairs = append(pairs, "limit", strconv.Itoa(l.Limit))
	}
	for name, value := range l.Kept {
		pairs = append(pairs, name, value)
	}
	return listAddress(l.Path, pairs...)
}

// Here returns the address of the page of the list.
func (l listRequest) Here() string {
	place := ""
	if l.at >= 0 {
		place = strconv.Itoa(l.at)
	}
	return l.address(l.Sort, "after", l.page.After, "before", l.page.Before, "at", place)
}

// without returns the address of the list without a filter.
func (l listRequest) without(filter string) string {
	l.Kept = maps.Clone(l.Kept)
	delete(l.Kept, filter)
	return l.address(l.Sort)
}

// Unfiltered returns the address of the list without the filters, and All without the
// search too.
func (l listRequest) Unfiltered() string {
	l.Kept = l.base
	return l.address(l.Sort)
}

// All returns the address of the whole list.
func (l listRequest) All() string {
	l.Search = ""
	return l.Unfiltered()
}

// keep adds a filter. An empty value is none.
func (l listRequest) keep(name, value string) {
	if value != "" {
		l.Kept[name] = value
	}
}

// paging is the part of a list that a page shows, and the links to other pages; empty
// for none.
type paging struct {
	First, Previous, Next string
	// From and To are the places of the records on the page in the list, of Total
	// records. They are 0 if they are unknown. AtLeast means that there can be more.
	From, To, Total int
	AtLeast         bool
	// Sizes are links to the list with another number of records on a page.
	Sizes []pageSize
}

// pageSize is a number of records on a page.
type pageSize struct {
	Limit   int
	Href    string
	Current bool
}

// newPaging returns the links from one page of a list to the others. The cursors carry
// the place in the list, which is corrected at both ends of the list: other
// administrators may have changed it.
func newPaging[T any](l listRequest, list *store.Page[T]) paging {
	n, from := len(list.Items), l.at
	switch {
	case list.Previous == "" && (l.page.After == "" || n == 0):
		from = 0
	case list.Next == "" && list.Total > 0 && !list.AtLeast:
		from = max(list.Total-n, 0)
	case l.page.IsBackward() && from >= 0:
		from = max(from-n, 0)
	}
	p := paging{Total: list.Total, AtLeast: list.AtLeast}
	if l.page == (store.PageRequest{}) && list.Next == "" && list.Previous == "" {
		p.Total = n // the whole list
	}
	place := func(at int) string {
		if from < 0 {
			return ""
		}
		return strconv.Itoa(at)
	}
	if n > 0 && from >= 0 {
		p.From, p.To = from+1, from+n
		if p.Total > 0 {
			p.Total = max(p.Total, p.To)
		}
	}
	if l.page.After != "" || l.page.Before != "" {
		p.First = l.address(l.Sort)
	}
	if list.Previous != "" {
		p.Previous = l.address(l.Sort, "before", list.Previous, "at", place(from))
	}
	if list.Next != "" {
		p.Next = l.address(l.Sort, "after", list.Next, "at", place(from+n))
	}
	if list.Total > listLimits()[0] {
		p.Sizes = l.sizes()
	}
	return p
}

// sizes returns the links to the list with another number of records on a page.
func (l listRequest) sizes() []pageSize {
	var sizes []pageSize
	for _, limit := range listLimits() {
		other := l
		other.Limit = limit
		sizes = append(sizes, pageSize{limit, other.address(l.Sort), limit == cmp.Or(l.Limit, store.DefaultPageLimit)})
	}
	return sizes
}

// tableHeader is one header of a list's table.
type tableHeader struct {
	Label string
	// Note says what the column is sorted by, where the label does not.
	Note string
	// Href sorts by this column; empty when the list cannot.
	Href string
	// Sorted is the value of aria-sort.
	Sorted string
	// Select is the column of the boxes that select records.
	Select bool
	// Class is the CSS class of the header.
	Class string
}

// column is a header and the field to sort by; "" for none.
type column struct{ label, sort string }

// onWide are the columns that only a wide screen shows.
const onWide = "d-none d-xxl-table-cell"

// headers returns the headers. The header of the sorted column reverses the order.
func (l listRequest) headers(columns ...column) []tableHeader {
	all := make([]tableHeader, len(columns))
	for i, c := range columns {
		all[i].Label = c.label
		switch {
		case c.label == usernameColumn:
			all[i].Class = onWide
		case c.sort == "last_name":
			all[i].Note = "by last name"
		}
		if c.sort == "" {
			continue
		}
		order := store.Sort{By: c.sort}
		if l.order.By == c.sort {
			all[i].Sorted = "ascending"
			order.Descending = true
			if l.order.Descending {
				all[i].Sorted, order.Descending = "descending", false
			}
		}
		all[i].Href = l.address(order.String())
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

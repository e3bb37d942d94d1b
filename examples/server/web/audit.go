package web

import (
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// auditPage is the page /audit.
type auditPage struct {
	Actor, Action, Kind, Key, Since, Until field
	Outcome                                field
	Items                                  []auditRow
	Paging                                 paging
	Filtered                               bool
	Problems                               []problem
	// Verification is nil until it is asked for.
	Verification *audit.Verification
}

// auditRow is an entry, and what it changed.
type auditRow struct {
	*audit.Entry

	Changes []change
}

func (v *visit) auditList() error { return v.showAudit(nil) }

// auditVerify reads the whole trail, and every record.
func (v *visit) auditVerify() error {
	found, err := v.site.Verify(v.r.Context())
	if err != nil {
		return err
	}
	return v.showAudit(found)
}

func (v *visit) showAudit(found *audit.Verification) error {
	query := v.r.URL.Query()
	page := auditForm(query)
	page.Verification = found
	q, err := auditQuery(query)
	if errs, ok := refusalsOf(err); ok {
		page.Since.Errors, page.Until.Errors = errs.on("since"), errs.on("until")
		page.Problems = errs.summary(map[string]string{"since": "From day", "until": "To day"})
		return v.showStatus(errs.status, "audit", "Audit trail", page)
	}
	list, err := v.site.Trail.List(v.r.Context(), q)
	if err != nil {
		return err
	}
	for _, e := range list.Items {
		page.Items = append(page.Items, auditRow{e, changesOf(e.Before, e.After)})
	}
	page.Paging = auditPaging(query, list.Next)
	return v.show("audit", "Audit trail", page)
}

func auditForm(query url.Values) auditPage {
	input := func(name, label string) field {
		return field{Name: name, Label: label, Value: query.Get(name), Autocomplete: "off"}
	}
	page := auditPage{
		Actor: input("actor", "Who"), Action: input("action", "Act"), Kind: input("kind", "On what"), Key: input("key", "Which one"),
		Since: input("since", "From day"), Until: input("until", "To day"), Outcome: input("outcome", "Outcome"),
	}
	page.Since.Type, page.Until.Type = "date", "date"
	page.Outcome.Choices = append([]choice{{Label: "any"}}, optionsOf(query.Get("outcome"), []string{string(audit.Done), string(audit.Refused), string(audit.Failed)})...)
	for _, name := range auditFilters() {
		page.Filtered = page.Filtered || query.Get(name) != ""
	}
	return page
}

func auditFilters() []string {
	return []string{"actor", "action", "kind", "key", "outcome", "since", "until"}
}

// auditQuery reads the filters. Days are those of UTC, the last one included.
func auditQuery(query url.Values) (audit.Query, error) {
	q := audit.Query{
		Actor: query.Get("actor"), Action: query.Get("action"), Kind: query.Get("kind"), Key: query.Get("key"),
		Outcome: audit.Outcome(query.Get("outcome")), Page: store.Page{After: query.Get("after")},
	}
	var refused []store.FieldError
	q.Since, refused = day("since", query, refused)
	if q.Until, refused = day("until", query, refused); !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1)
	}
	return q, store.Invalid(refused...)
}

func day(name string, query url.Values, refused []store.FieldError) (time.Time, []store.FieldError) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, refused
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		refused = append(refused, store.FieldError{Field: name, Code: "date", Message: "write a day as 2026-12-31"})
	}
	return at, refused
}

func auditPaging(query url.Values, next string) paging {
	at := func(after string) string {
		names := auditFilters()
		pairs := append(make([]string, 0, 2+2*len(names)), "after", after)
		for _, name := range names {
			pairs = append(pairs, name, query.Get(name))
		}
		return listAddress("/audit", pairs...)
	}
	var p paging
	if query.Get("after") != "" {
		p.First = at("")
	}
	if next != "" {
		p.Next = at(next)
	}
	return p
}

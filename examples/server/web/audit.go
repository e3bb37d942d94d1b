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

func (v *pageHandler) auditList() error { return v.renderAudit(nil) }

// auditVerify reads the whole trail, and every record.
func (v *pageHandler) auditVerify() error {
	found, err := v.site.VerifyAudit(v.r.Context())
	if err != nil {
		return err
	}
	return v.renderAudit(found)
}

func (v *pageHandler) renderAudit(found *audit.Verification) error {
	query := v.r.URL.Query()
	page := auditForm(query)
	page.Verification = found
	q, err := auditQuery(query)
	if errs, ok := formErrorsOf(err); ok {
		page.Since.Errors, page.Until.Errors = errs.forField("since"), errs.forField("until")
		page.Problems = errs.summary(map[string]string{"since": "From", "until": "To"})
		return v.renderStatus(errs.status, "audit", "Audit log", page)
	}
	list, err := v.site.AuditLog.List(v.r.Context(), q)
	if err != nil {
		return err
	}
	for _, e := range list.Items {
		page.Items = append(page.Items, auditRow{e, changesOf(e.Before, e.After)})
	}
	page.Paging = auditPaging(query, list.Next)
	return v.render("audit", "Audit log", page)
}

func auditForm(query url.Values) auditPage {
	input := func(name, label string) field {
		return field{Name: name, Label: label, Value: query.Get(name), Autocomplete: "off"}
	}
	page := auditPage{
		Actor: input("actor", "User"), Action: input("action", "Action"), Kind: input("kind", "Record type"), Key: input("key", "Record"),
		Since: input("since", "From"), Until: input("until", "To"), Outcome: input("outcome", "Outcome"),
	}
	page.Since.Type, page.Until.Type = "date", "date"
	page.Outcome.Choices = append([]choice{{Label: "Any"}}, optionsOf(query.Get("outcome"), []string{string(audit.Succeeded), string(audit.Denied), string(audit.Failed)})...)
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
		Outcome: audit.Outcome(query.Get("outcome")), PageRequest: store.PageRequest{After: query.Get("after")},
	}
	var errs []store.FieldError
	q.Since, errs = parseDay("since", query, errs)
	if q.Until, errs = parseDay("until", query, errs); !q.Until.IsZero() {
		q.Until = q.Until.AddDate(0, 0, 1)
	}
	return q, store.NewInvalidError(errs...)
}

func parseDay(name string, query url.Values, errs []store.FieldError) (time.Time, []store.FieldError) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, errs
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		errs = append(errs, store.FieldError{Field: name, Code: "date", Message: "enter a date such as 2026-12-31"})
	}
	return at, errs
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

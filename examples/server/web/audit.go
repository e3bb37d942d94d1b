package web

import (
	"context"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

// auditPages are the pages of the audit log.
type auditPages struct{ *pages }

func (p auditPages) routes() []route {
	return []route{get("/audit", app.SectionAudit, p.list), post("/audit/verify", app.SectionAudit, p.verify)}
}

// auditPage is the page /audit.
type auditPage struct {
	Actor, Action, Kind, Key, Since, Until formField
	Outcome                                formField
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

func (p auditPages) list(ctx context.Context, r *request) (response, error) {
	return p.page(ctx, r, nil)
}

// verify checks the whole log and every record.
func (p auditPages) verify(ctx context.Context, r *request) (response, error) {
	found, err := p.site.VerifyAudit(ctx)
	if err != nil {
		return nil, err
	}
	return p.page(ctx, r, found)
}

func (p auditPages) page(ctx context.Context, r *request, found *audit.Verification) (response, error) {
	query := r.URL.Query()
	body := auditForm(query)
	body.Verification = found
	q, err := auditQuery(query)
	if errs, ok := formErrorsOf(err); ok {
		body.Since.Errors, body.Until.Errors = errs.forField("since"), errs.forField("until")
		body.Problems = errs.summary(map[string]string{"since": "From", "until": "To"})
		return formPage(errs, "audit", "Audit log", body), nil
	}
	list, err := p.site.AuditLog.List(ctx, q)
	if err != nil {
		return nil, err
	}
	for _, e := range list.Items {
		body.Items = append(body.Items, auditRow{e, changesOf(e.Before, e.After)})
	}
	body.Paging = auditPaging(query, list.Next)
	return page{Name: "audit", Title: "Audit log", Body: body}, nil
}

func auditForm(query url.Values) auditPage {
	input := func(name, label string) formField {
		return formField{Name: name, Label: label, Value: query.Get(name), Autocomplete: "off"}
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

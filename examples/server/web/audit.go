package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/web/auditwords"
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
	listTools

	Items []*audit.Entry
	// CanVerify is whether the administrator may read the whole log.
	CanVerify bool
	// Verification is nil until it is asked for.
	Verification *audit.Verification
}

func (p auditPages) list(ctx context.Context, r *request) (response, error) {
	return p.page(ctx, r, nil)
}

// verify checks the whole log and every record.
func (p auditPages) verify(ctx context.Context, r *request) (response, error) {
	found, err := p.site.VerifyAuditFor(ctx, p.sessions.Administrator(ctx))
	if err != nil {
		return nil, err
	}
	return p.page(ctx, r, found)
}

func (p auditPages) page(ctx context.Context, r *request, found *audit.Verification) (response, error) {
	administrator := p.sessions.Administrator(ctx)
	q, err := auditQuery(r.URL.Query())
	errs, isFormError := formErrorsOf(err)
	body := auditPage{listTools: auditTools(r, q.PageRequest), CanVerify: app.ReadsWholeAuditLog(administrator), Verification: found}
	body.Problems = errs.markAll(body.Filters)
	if isFormError {
		return formPage(errs, "audit", "Audit log", body), nil
	}
	list, err := p.site.ListAudit(ctx, administrator, q)
	if err != nil {
		return nil, err
	}
	body.Items, body.Paging = list.Items, newPaging(body.listRequest, list)
	body.Count = body.countOf(0, "entry", "entries")
	return page{Name: "audit", Title: "Audit log", Body: body}, nil
}

// auditTools are the filters as they are set, and their chips.
func auditTools(r *request, at store.PageRequest) listTools {
	tools := listTools{
		listRequest: listRequest{Path: "/audit", page: at, Kept: map[string]string{}, at: atOf(r)},
		Filters:     auditFilters(r), Empty: emptyState{Icon: "history", Title: "There are no entries yet", Text: "Changes and logins appear here."},
	}
	for _, f := range tools.Filters {
		tools.keep(f.Name, f.Value)
	}
	for _, f := range tools.Filters {
		if f.Value != "" {
			tools.Chips = append(tools.Chips, chip{f.Label + ": " + f.chosenLabel(), tools.without(f.Name), f.Name})
		}
	}
	tools.Narrowed = len(tools.Chips) > 0
	return tools
}

// auditFilters draws the filters as they are set.
func auditFilters(r *request) []formField {
	filters := []formField{
		{Name: "actor", Label: "User"},
		{Name: "action", Label: "Action", Choices: knownChoices(auditwords.Actions(), auditwords.ActionName, r.query("action"))},
		{Name: "kind", Label: "Record type", Choices: knownChoices(auditwords.Kinds(), auditwords.Kind, r.query("kind"))},
		{Name: "key", Label: "Record"},
		{Name: "outcome", Label: "Outcome", Choices: knownChoices(audit.OutcomeNames(), capitalized, r.query("outcome"))},
		{Name: "since", Label: "From", Type: "date"}, {Name: "until", Label: "To", Type: "date"},
	}
	for i := range filters {
		filters[i].Value, filters[i].Autocomplete = r.query(filters[i].Name), "off"
	}
	return filters
}

// knownChoices are the known values of a filter by their names, and the chosen one.
func knownChoices(known []string, name func(string) string, chosen string) []choice {
	if chosen != "" && !slices.Contains(known, chosen) {
		known = append(slices.Clone(known), chosen)
	}
	choices := []choice{{Label: "Any"}}
	for _, value := range known {
		choices = append(choices, choice{Value: value, Label: name(value)})
	}
	return chosenOf(choices, chosen)
}

// auditQuery reads the filters. Days are those of UTC, the last one included.
func auditQuery(query url.Values) (audit.Query, error) {
	q := audit.Query{
		Actor: query.Get("actor"), Action: query.Get("action"), Kind: query.Get("kind"), Key: query.Get("key"),
		Outcome: audit.Outcome(query.Get("outcome")), PageRequest: store.PageRequest{After: query.Get("after"), Before: query.Get("before")},
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
		errs = append(errs, store.FieldError{Field: name, Code: store.CodeDate, Message: "enter a date such as 2026-12-31"})
	}
	return at, errs
}

// maxActivity bounds the entries on the page of a record.
const maxActivity = 20

// activity are the last changes of a record, and the address of all entries about it.
type activity struct {
	Items []*audit.Entry
	All   string
}

// activityOf returns the activity of a record; nil for an administrator without the
// section of the audit log.
func (p *pages) activityOf(ctx context.Context, admin *ampusers.Administrator, kind, key string) (*activity, error) {
	if !admin.Can(app.SectionAudit) {
		return nil, nil //nolint:nilnil // documented
	}
	list, err := p.site.ListAudit(ctx, admin, audit.Query{Kind: kind, Key: key, Outcome: audit.Succeeded, PageRequest: store.PageRequest{Limit: maxActivity}})
	if err != nil {
		return nil, err
	}
	return &activity{list.Items, listAddress("/audit", "kind", kind, "key", key)}, nil
}

// changesOf returns the changes of an entry, as the page shows them.
func changesOf(entry *audit.Entry) []audit.Change {
	// The entry has the time of the change.
	changes := slices.DeleteFunc(entry.Changes(), func(c audit.Change) bool { return c.Field == "updated_at" })
	for i, c := range changes {
		changes[i] = audit.Change{Field: auditwords.Field(entry, c.Field), Before: truncate(c.Before), After: truncate(c.After)}
	}
	return changes
}

// maxChangeBytes bounds what the page shows of a value, in bytes: an AMI account
// may hold hundreds of networks.
const maxChangeBytes = 2000

// truncate returns as much of a value as the page shows.
func truncate(value string) string {
	if len(value) <= maxChangeBytes {
		return value
	}
	return strings.ToValidUTF8(value[:maxChangeBytes], "") + fmt.Sprintf(" … and %d more bytes (see the API)", len(value)-maxChangeBytes)
}

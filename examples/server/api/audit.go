package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
)

const tagAudit = "audit"

func (a *api) registerAudit() {
	g := operationGroup{api: a, tag: tagAudit, section: app.SectionAudit}
	g.register(operation{
		id: "listAuditEntries", method: http.MethodGet, path: "/audit", summary: "List audit log entries", description: "Newest first.",
		params:   append(auditFilters(), pagingParams()...),
		response: list[*audit.Entry]{Items: []*audit.Entry{exampleEntry()}, Next: "41"},
	}, a.listEntries)
	g.register(operation{
		id: "verifyAudit", method: http.MethodPost, path: "/audit/verification", summary: "Verify the integrity of the audit log and records",
		description: "Reads all entries and records. Save entries and hash: a later verification then also shows whether the whole log was replaced.",
		response:    audit.Verification{Entries: 42, Records: 7, Hash: "9f2c7f5d0e6b4a1c8d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c", Findings: []audit.Finding{}},
	}, func(ctx context.Context, _ *request) (*response, error) { return reply(a.app.VerifyAudit(ctx)) })
}

func auditFilters() []*huma.Param {
	timeParam := func(name, doc string) *huma.Param {
		p := queryParam(name, huma.TypeString, doc)
		p.Schema.Format = formatTime
		return p
	}
	return []*huma.Param{
		queryParam("actor", huma.TypeString, "Only actions of this username."),
		queryParam("action", huma.TypeString, "Only this action, such as create, update, delete, login or apply."),
		queryParam("kind", huma.TypeString, "Only records of this kind, such as administrator or AMI account."),
		queryParam("key", huma.TypeString, "Only the record with this name."),
		enumParam("outcome", "Only this outcome.", string(audit.Succeeded), string(audit.Denied), string(audit.Failed)),
		timeParam("since", "Only entries at or after this time."),
		timeParam("until", "Only entries before this time."),
	}
}

func (a *api) listEntries(ctx context.Context, r *request) (*response, error) {
	page, err := a.app.AuditLog.List(ctx, audit.Query{
		Actor: r.text("actor"), Action: r.text("action"), Kind: r.text("kind"), Key: r.text("key"),
		Outcome: audit.Outcome(r.text("outcome")), Since: r.time("since"), Until: r.time("until"), PageRequest: r.page(),
	})
	return replyPage(page, err, func(e *audit.Entry) *audit.Entry { return e })
}

func exampleEntry() *audit.Entry {
	return &audit.Entry{
		Sequence: 42, Time: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC),
		Actor:  audit.Actor{Kind: audit.Administrator, Name: "admin", RemoteAddr: netip.MustParseAddr("192.0.2.7")},
		Action: "create", Kind: "administrator", Key: "jane.admin", Outcome: audit.Succeeded,
		After: json.RawMessage(`{"username":"jane.admin"}`), Hash: []byte("an example of a hash of 32 bytes"),
	}
}

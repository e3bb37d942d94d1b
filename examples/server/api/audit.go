package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
)

const tagAudit = "audit"

func (a *api) registerAudit() {
	g := operationGroup{api: a, tag: tagAudit, section: app.SectionAudit}
	register(g, operation{
		id: "listAuditEntries", method: http.MethodGet, path: "/audit", summary: "List who did what, when and from where, newest first",
		response: list[*audit.Entry]{Items: []*audit.Entry{exampleEntry()}, Next: "41"},
	}, a.listEntries)
	register(g, operation{
		id: "verifyAudit", method: http.MethodPost, path: "/audit/verification", summary: "Verify that nobody changed the audit trail, or a record behind its back",
		description: "It reads the whole trail and every record. Note down entries and hash: a later verification then also shows whether the trail was replaced as a whole.",
		response:    audit.Verification{Entries: 42, Records: 7, Hash: "9f2c7f5d0e6b4a1c8d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a2b1c", Findings: []audit.Finding{}},
	}, a.verifyAudit)
}

type listEntriesInput struct {
	Actor   string    `doc:"Only what this user did."                                                          query:"actor"`
	Action  string    `doc:"Only this action, such as create, update, delete, login or apply."                 query:"action"`
	Kind    string    `doc:"Only what was done to records of this kind, such as administrator or AMI account." query:"kind"`
	Key     string    `doc:"Only what was done to the record of this name."                                    query:"key"`
	Outcome string    `doc:"Only what ended so."                                                               enum:"done,refused,failed" query:"outcome"`
	Since   time.Time `doc:"Only what was done then or later."                                                 query:"since"`
	Until   time.Time `doc:"Only what was done before then."                                                   query:"until"`
	Paging
}

func (a *api) listEntries(ctx context.Context, input *listEntriesInput) (*listOutput[*audit.Entry], error) {
	page, err := a.app.AuditLog.List(ctx, audit.Query{
		Actor: input.Actor, Action: input.Action, Kind: input.Kind, Key: input.Key,
		Outcome: audit.Outcome(input.Outcome), Since: input.Since, Until: input.Until, PageRequest: input.page(),
	})
	if err != nil {
		return nil, err
	}
	return newListOutput(page, func(e *audit.Entry) *audit.Entry { return e }), nil
}

func (a *api) verifyAudit(ctx context.Context, _ *struct{}) (*struct{ Body *audit.Verification }, error) {
	found, err := a.app.VerifyAudit(ctx)
	if err != nil {
		return nil, err
	}
	return &struct{ Body *audit.Verification }{found}, nil
}

func exampleEntry() *audit.Entry {
	return &audit.Entry{
		Sequence: 42, Time: time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC),
		Actor:  audit.Actor{Kind: audit.Administrator, Name: "admin", RemoteAddr: netip.MustParseAddr("192.0.2.7")},
		Action: "create", Kind: administratorKind, Key: "jane.admin", Outcome: audit.Succeeded,
		After: json.RawMessage(`{"username":"jane.admin"}`), Hash: []byte("an example of a hash of 32 bytes"),
	}
}

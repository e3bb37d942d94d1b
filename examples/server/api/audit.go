package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store/audit"
)

func (a *api) registerAudit() {
	g := a.group("audit", app.SectionAudit)
	g.register(operation{
		id: "listAuditEntries", route: "GET /audit", params: append(auditFilters(), pagingParams()...), response: schemaFor[list[*audit.Entry]](a.document),
	}, a.listEntries)
	registerValue(g, "verifyAudit", "POST /audit/verification", func(ctx context.Context) (*audit.Verification, error) {
		return a.app.VerifyAuditFor(ctx, a.sessions.Administrator(ctx))
	})
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
		enumParam("outcome", "Only this outcome.", audit.OutcomeNames()...),
		timeParam("since", "Only entries at or after this time."),
		timeParam("until", "Only entries before this time."),
	}
}

func (a *api) listEntries(ctx context.Context, r *request) (*response, error) {
	page, err := a.app.ListAudit(ctx, a.sessions.Administrator(ctx), audit.Query{
		Actor: r.text("actor"), Action: r.text("action"), Kind: r.text("kind"), Key: r.text("key"),
		Outcome: audit.Outcome(r.text("outcome")), Since: r.time("since"), Until: r.time("until"), PageRequest: r.page(),
	})
	return replyPage(page, err, func(e *audit.Entry) *audit.Entry { return e })
}

package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// tokens returns the service, limited to the users in the scope of the administrator.
func (a *api) tokens(ctx context.Context) *apitoken.Service {
	return a.app.TokensFor(a.sessions.Administrator(ctx))
}

func (a *api) registerTokens(g operationGroup) {
	g.tag = "tokens"
	e := &endpoint[apitoken.Token]{
		Type: resource.Tokens(a.tokens), operationGroup: g,
		noun: "Token", path: "/tokens", createPath: "/users/{username}/tokens", listID: "listAllTokens",
		event: a.tokenEvent,
	}
	e.registerRecord()
	e.registerList("listTokens", e.createPath)
	rotate := operation{id: "rotateToken", route: "POST " + e.one() + "/rotate", params: []*huma.Param{headerParam(ifMatchHeader)}, etag: true, response: e.schema()}
	e.register(rotate, func(ctx context.Context, r *request) (*response, error) {
		return e.change(ctx, r, "rotate", func(ctx context.Context, id string) (resource.Result[apitoken.Token], error) {
			token, key, err := a.tokens(ctx).Rotate(ctx, apitoken.ID(id))
			return resource.TokenResult(ctx, a.tokens(ctx), token, key, err)
		})
	})
}

// tokenEvent begins an entry of the audit log.
func (a *api) tokenEvent(ctx context.Context, action, id string) audit.Event {
	return a.app.Tokens.AuditEvent(ctx, action, apitoken.ID(id))
}

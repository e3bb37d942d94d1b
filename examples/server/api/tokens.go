package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// tokenIDLength is the length of the ID of a token.
const tokenIDLength = 16

// tokens returns the service, limited to the users in the scope of the administrator.
func (a *api) tokens(ctx context.Context) *apitoken.Service {
	return a.app.TokensFor(a.sessions.Administrator(ctx))
}

func (a *api) registerTokens(g operationGroup) {
	g.tag = "tokens"
	e := &endpoint[apitoken.Token]{
		Type: resource.Tokens(a.tokens, a.users), operationGroup: g,
		noun: "Token", path: "/tokens", createPath: "/users/{username}/tokens", listID: "listAllTokens",
		event: tokenEvent,
	}
	e.registerRecord()
	e.registerList("listTokens", e.createPath)
	rotate := operation{id: "rotateToken", route: "POST " + e.one() + "/rotate", params: []*huma.Param{ifMatchParam()}, etag: true, response: e.schema()}
	e.register(rotate, func(ctx context.Context, r *request) (*response, error) {
		return e.change(ctx, r, "rotate", func(ctx context.Context, id string) (resource.Result[apitoken.Token], error) {
			token, key, err := a.tokens(ctx).Rotate(ctx, apitoken.ID(id))
			return resource.TokenResult(ctx, a.users(ctx), token, key, err)
		})
	})
}

// tokenEvent begins an entry of the audit log. A text that is not the length of an
// ID is not recorded: it may be a key in the wrong place.
func tokenEvent(_ context.Context, action, id string) audit.Event {
	if len(id) != tokenIDLength {
		id = ""
	}
	return newAuditEvent(action, apitoken.Kind, id)
}

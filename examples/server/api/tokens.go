package api

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

const tagTokens = "tokens"

// tokenIDLength is the length of the ID of a token.
const tokenIDLength = 16

type tokenResult = resource.Result[apitoken.Token]

// tokens returns the service, limited to the users in the scope of the administrator.
func (a *api) tokens(ctx context.Context) *apitoken.Service {
	return a.app.TokensFor(a.sessions.Administrator(ctx))
}

func (a *api) registerTokens(g operationGroup) {
	g.tag = tagTokens
	e := &endpoint[apitoken.Token]{
		Type: resource.Tokens(a.tokens, a.users), operationGroup: g,
		path: "/tokens", createPath: "/users/{username}/tokens", param: "id", noun: "Token", nouns: "AllTokens", schema: "Token",
		event: tokenEvent,
		texts: endpointTexts{
			list:   "Only tokens of users in the scope of the administrator. Tokens of deleted users are listed but do not work.",
			create: "A program with the ID and the key of the token acts for the user. The key is shown only once. The user also needs the permission rest.use.",
		},
		example: tokenResult{Record: exampleToken(), Owner: "jane.roe"}, created: exampleKeyedToken(),
		new:     map[string]any{"description": "CRM", "modules": []string{"contacts"}, "addresses": []string{"192.0.2.0/24"}},
		changes: map[string]any{"disabled": true, "addresses": nil, "requests_per_hour": 200},
	}
	e.register()
	e.texts.list = ""
	e.registerList("listTokens", e.createPath, "List the API tokens of a user")
	e.registerAction(operation{
		id: "rotateToken", method: http.MethodPost, path: "/tokens/{id}/rotate", summary: "Replace the key of an API token",
		description: "The new key is shown only once. The old key stops working.", response: e.View(e.created),
	}, "rotate", func(ctx context.Context, _ *request, id string) (tokenResult, error) {
		token, key, err := a.tokens(ctx).Rotate(ctx, apitoken.ID(id))
		return resource.TokenResult(ctx, a.users(ctx), token, key, err)
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

func exampleToken() *apitoken.Token {
	created := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	return &apitoken.Token{
		ID: "7h2kq9x4v1n8b3m6", UserID: exampleUser().ID, Description: "CRM", Extensions: []string{permission.Any}, Modules: []string{"contacts"},
		RequestsPerHour: apitoken.DefaultRequestsPerHour, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		CreatedAt: created, UpdatedAt: created, KeyCreatedAt: created,
	}
}

func exampleKeyedToken() tokenResult {
	return tokenResult{Record: exampleToken(), Owner: "jane.roe", Secret: store.NewSecret("example-of-a-key-of-an-api-token-example-ex")}
}

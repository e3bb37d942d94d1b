package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

const tagTokens = "tokens"

// tokenIDLength is how long the id of a token is.
const tokenIDLength = 16

// TokenPath is the API token that a path names.
type TokenPath struct {
	ID string `doc:"The id of the token." path:"id"`
}

// TokenTarget is an API token to be changed.
type TokenTarget struct {
	TokenPath
	IfMatch
}

type tokenOutput = recordOutput[shownToken]

func (a *api) registerTokens() {
	g := operationGroup{api: a, tag: tagTokens, section: app.SectionUsers}
	register(g, operation{
		id: "listAllTokens", method: http.MethodGet, path: "/tokens", summary: "List the API tokens of everybody",
		description: "Those of people that the visitor reaches; of deleted ones too, whose tokens do not work.",
		response:    list[shownToken]{Items: []shownToken{exampleToken()}, Next: ""},
	}, a.listAllTokens)
	register(g, operation{
		id: "listTokens", method: http.MethodGet, path: "/users/{username}/tokens", summary: "List the API tokens of a person",
		response: list[shownToken]{Items: []shownToken{exampleToken()}, Next: ""},
	}, a.listTokens)
	register(g, operation{
		id: "createToken", method: http.MethodPost, path: "/users/{username}/tokens", summary: "Make an API token for a person",
		description: "A program that shows its id and its key acts for that person. The key is shown this once. The person also needs the permission rest.use.",
		status:      http.StatusCreated, errors: []int{http.StatusConflict},
		request:  map[string]any{"description": "CRM", "modules": []string{"contacts"}, "addresses": []string{"192.0.2.0/24"}},
		response: exampleKeyedToken(),
	}, a.createToken)
	register(g, operation{
		id: "getToken", method: http.MethodGet, path: "/tokens/{id}", summary: "Show an API token",
		notModified: true, response: exampleToken(),
	}, a.getToken)
	register(g, operation{
		id: "updateToken", method: http.MethodPatch, path: "/tokens/{id}", summary: "Change an API token",
		description: "What is absent stays as it is; null sets a field to its default. Lists are replaced as a whole (RFC 7396).",
		errors:      []int{http.StatusPreconditionFailed},
		request:     map[string]any{"disabled": true, "addresses": nil, "requests_per_hour": 200}, response: exampleToken(),
	}, a.updateToken)
	register(g, operation{
		id: "deleteToken", method: http.MethodDelete, path: "/tokens/{id}", summary: "Delete an API token",
		status: http.StatusNoContent, errors: []int{http.StatusPreconditionFailed},
	}, a.deleteToken)
	register(g, operation{
		id: "rotateToken", method: http.MethodPost, path: "/tokens/{id}/rotate", summary: "Give an API token another key",
		description: "The key is shown this once; the old one stops to work.",
		errors:      []int{http.StatusPreconditionFailed}, response: exampleKeyedToken(),
	}, a.rotateToken)
}

type listTokensInput struct {
	UserPath
	Paging
}

func (a *api) listTokens(ctx context.Context, input *listTokensInput) (*listOutput[shownToken], error) {
	users := a.users(ctx)
	u, err := users.Get(ctx, input.Username)
	if err != nil {
		return nil, err
	}
	page, err := users.Tokens(ctx, input.Username, input.page())
	if err != nil {
		return nil, err
	}
	return newListOutput(page, func(t *userman.Token) shownToken { return shownToken{Token: t, Username: u.Username} }), nil
}

func (a *api) listAllTokens(ctx context.Context, input *Paging) (*listOutput[shownToken], error) {
	users := a.users(ctx)
	page, err := users.Tokens(ctx, "", input.page())
	if err != nil {
		return nil, err
	}
	usernames := map[string]string{}
	for _, t := range page.Items {
		if _, known := usernames[t.UserID]; known {
			continue
		}
		u, err := users.GetByID(ctx, t.UserID)
		if errors.Is(err, store.ErrNotFound) {
			continue // purged meanwhile, with their tokens
		}
		if err != nil {
			return nil, err
		}
		usernames[t.UserID] = u.Username
	}
	page.Items = slices.DeleteFunc(page.Items, func(t *userman.Token) bool { return usernames[t.UserID] == "" })
	return newListOutput(page, func(t *userman.Token) shownToken { return shownToken{Token: t, Username: usernames[t.UserID]} }), nil
}

type createTokenInput struct {
	UserPath
	IdempotencyKey
	Body NewToken
}

func (a *api) createToken(ctx context.Context, input *createTokenInput) (*createdOutput[shownToken], error) {
	// The same key for another person is another request, see answerKey.
	event := newAuditEvent("create", userman.KindToken, "")
	result, err := idempotent(ctx, a, input.forUser(input.Username), event, func(ctx context.Context) (shownToken, error) {
		t := &userman.Token{}
		errs := input.Body.applyTo(t)
		created, key, err := a.users(ctx).CreateToken(ctx, input.Username, t)
		if err := mergeFieldErrors(errs, err); err != nil {
			return shownToken{}, err
		}
		return a.shownToken(ctx, created, key)
	})
	if err != nil {
		return nil, err
	}
	return &createdOutput[shownToken]{ETag: result.etag(), Location: prefix + "/tokens/" + result.ID, Body: result}, nil
}

// shownToken shows a token, with its key when it is a new one.
func (a *api) shownToken(ctx context.Context, t *userman.Token, key store.Secret) (shownToken, error) {
	u, err := a.users(ctx).GetByID(ctx, t.UserID)
	if err != nil {
		return shownToken{}, err
	}
	return shownToken{Token: t, Username: u.Username, Key: key.Reveal()}, nil
}

type getTokenInput struct {
	TokenPath
	IfNoneMatch string `doc:"The ETag of the record that the visitor has already: 304 when there is no newer one." header:"If-None-Match"`
}

func (a *api) getToken(ctx context.Context, input *getTokenInput) (*tokenOutput, error) {
	shown, err := a.token(ctx, input.ID)
	if err != nil {
		return nil, err
	}
	return record(shown, shown.etag()).ifNoneMatch(input.IfNoneMatch), nil
}

func (a *api) token(ctx context.Context, id string) (shownToken, error) {
	t, err := a.users(ctx).Token(ctx, id)
	if err != nil {
		return shownToken{}, err
	}
	return a.shownToken(ctx, t, store.Secret{})
}

// ifTokenMatches runs act on the condition of the request.
func (a *api) ifTokenMatches(ctx context.Context, input *TokenTarget, action string, act func(context.Context) error) error {
	event := audit.Event{Action: action, Kind: userman.KindToken}
	if len(input.ID) == tokenIDLength { // or it may be a key in the wrong place
		event = newAuditEvent(action, userman.KindToken, input.ID)
	}
	return a.ifMatch(ctx, input.IfMatch, event, func(ctx context.Context) (string, error) {
		shown, err := a.token(ctx, input.ID)
		if err != nil {
			return "", err
		}
		return shown.etag(), nil
	}, act)
}

// changeToken changes one token, on the condition of the request.
func (a *api) changeToken(ctx context.Context, input *TokenTarget, action string, change func(context.Context, *userman.Service) (*userman.Token, store.Secret, error)) (*tokenOutput, error) {
	var changed shownToken
	err := a.ifTokenMatches(ctx, input, action, func(ctx context.Context) error {
		t, key, err := change(ctx, a.users(ctx))
		if err != nil {
			return err
		}
		changed, err = a.shownToken(ctx, t, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return record(changed, changed.etag()), nil
}

type updateTokenInput struct {
	TokenTarget
	Body TokenChanges
}

func (a *api) updateToken(ctx context.Context, input *updateTokenInput) (*tokenOutput, error) {
	return a.changeToken(ctx, &input.TokenTarget, "update", func(ctx context.Context, users *userman.Service) (*userman.Token, store.Secret, error) {
		t, err := users.UpdateToken(ctx, input.ID, func(t *userman.Token) error {
			return store.NewInvalidError(input.Body.applyTo(t)...)
		})
		return t, store.Secret{}, err
	})
}

func (a *api) rotateToken(ctx context.Context, input *TokenTarget) (*tokenOutput, error) {
	return a.changeToken(ctx, input, "rotate", func(ctx context.Context, users *userman.Service) (*userman.Token, store.Secret, error) {
		return users.RotateToken(ctx, input.ID)
	})
}

func (a *api) deleteToken(ctx context.Context, input *TokenTarget) (*noOutput, error) {
	return nil, a.ifTokenMatches(ctx, input, "delete", func(ctx context.Context) error {
		return a.users(ctx).DeleteToken(ctx, input.ID)
	})
}

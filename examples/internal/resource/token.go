package resource

import (
	"context"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman/apitoken"
)

// TokenView is an API token as JSON shows it. Key is shown only once.
type TokenView struct {
	*apitoken.Token

	Username string `json:"username"`
	Key      string `json:"key,omitempty"`
}

// Tokens declares API tokens. Each belongs to a user. The function service returns the
// service for the administrator of the context.
func Tokens(service func(context.Context) *apitoken.Service) *Type[apitoken.Token] {
	t := &Type[apitoken.Token]{
		Name: "API token", Plural: "API tokens", Kind: apitoken.Kind, Key: "id",
		Fields: apitoken.Fields(), Parts: []Part[apitoken.Token]{tokenAddresses()},
		Columns: []string{"id", "username", "description", "disabled", "expires_at", "last_used_at"},
		New:     func() *apitoken.Token { return &apitoken.Token{} },
		KeyOf:   func(token *apitoken.Token) string { return string(token.ID) },
		Show: func(r Result[apitoken.Token]) any {
			return TokenView{Token: r.Record, Username: r.Owner, Key: r.Secret.Reveal()}
		},
		// The use of a token does not change the ETag.
		Untag: func(token *apitoken.Token) { token.LastUsedAt = time.Time{} },
	}
	t.List = func(ctx context.Context, q Query) (*store.Page[Result[apitoken.Token]], error) {
		return listTokens(ctx, service(ctx), q)
	}
	t.Get = func(ctx context.Context, id string) (Result[apitoken.Token], error) {
		token, err := service(ctx).Get(ctx, apitoken.ID(id))
		return TokenResult(ctx, service(ctx), token, store.Secret{}, err)
	}
	t.Prepare = func(_ context.Context, d *Draft[apitoken.Token]) (Commit[apitoken.Token], error) {
		return func(ctx context.Context) (Result[apitoken.Token], error) {
			token, key, err := service(ctx).Create(ctx, d.Owner, d.Record, d.Errors...)
			return TokenResult(ctx, service(ctx), token, key, err)
		}, nil
	}
	t.Update = func(ctx context.Context, id string, change func(*apitoken.Token) error) (Result[apitoken.Token], error) {
		token, err := service(ctx).Update(ctx, apitoken.ID(id), change)
		return TokenResult(ctx, service(ctx), token, store.Secret{}, err)
	}
	t.Delete = func(ctx context.Context, id string, _ bool) error { return service(ctx).Delete(ctx, apitoken.ID(id)) }
	return t.check()
}

// TokenResult adds its owner to a token of the service.
func TokenResult(ctx context.Context, service *apitoken.Service, token *apitoken.Token, key store.Secret, err error) (Result[apitoken.Token], error) {
	if err != nil {
		return Result[apitoken.Token]{}, err
	}
	owners, err := service.Usernames(ctx, token)
	owner, known := owners[token.UserID]
	if err == nil && !known { // the user was purged by now
		err = &store.NotFoundError{Kind: apitoken.Kind}
	}
	return Result[apitoken.Token]{Record: token, Secret: key, Owner: owner}, err
}

// listTokens leaves out the tokens of a user who was purged after they were read.
func listTokens(ctx context.Context, service *apitoken.Service, q Query) (*store.Page[Result[apitoken.Token]], error) {
	tokens, err := service.List(ctx, q.Owner, q.PageRequest)
	if err != nil {
		return nil, err
	}
	owners, err := service.Usernames(ctx, tokens.Items...)
	page := &store.Page[Result[apitoken.Token]]{Next: tokens.Next, Previous: tokens.Previous, Total: tokens.Total, AtLeast: tokens.AtLeast}
	for _, token := range tokens.Items {
		if owner, known := owners[token.UserID]; known {
			page.Items = append(page.Items, Result[apitoken.Token]{Record: token, Owner: owner})
		}
	}
	return page, err
}

func tokenAddresses() Part[apitoken.Token] {
	m := field.Meta{
		Name: "addresses", Label: "Allowed addresses", Section: "Limits", Placeholder: "ADDRESSES", Max: apitoken.MaxAddresses,
		Help: "The addresses and networks that the token can be used from. Leave empty for any address.",
	}
	return listPart(m, func(token *apitoken.Token) *[]netip.Prefix { return &token.Addresses }, parseTokenNetwork, formatTokenNetwork)
}

// formatTokenNetwork returns the network as text. A network of one address is
// written as the address.
func formatTokenNetwork(network netip.Prefix) string {
	if network.IsSingleIP() {
		return network.Addr().String()
	}
	return network.String()
}

// parseTokenNetwork reads a network. Its error names a field.
func parseTokenNetwork(text string) (netip.Prefix, error) {
	network, err := apitoken.ParseNetwork(text)
	if err != nil {
		return network, store.NewInvalidError(store.FieldError{Code: store.CodeNetwork, Message: err.Error()})
	}
	return network, nil
}

package resource

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

// TokenView is an API token as JSON shows it. Key is shown only once.
type TokenView struct {
	*userman.Token

	Username string `json:"username"`
	Key      string `json:"key,omitempty"`
}

// Tokens declares API tokens. Each belongs to a user. The function service returns
// the service for whoever the context names.
func Tokens(service func(context.Context) *userman.Service) *Type[userman.Token] {
	t := &Type[userman.Token]{
		Name: "API token", Plural: "API tokens", Kind: userman.KindToken, Key: "id",
		Fields: userman.TokenFields(), Parts: []Part[userman.Token]{tokenAddresses()},
		Columns: []string{"id", "username", "description", "disabled", "expires_at", "last_used_at"},
		New:     func() *userman.Token { return &userman.Token{} },
		KeyOf:   func(token *userman.Token) string { return token.ID },
		Show: func(r Result[userman.Token]) any {
			return TokenView{Token: r.Record, Username: r.Owner, Key: r.Secret.Reveal()}
		},
		// The use of a token does not change the ETag.
		Version: func(token *userman.Token) any {
			tagged := *token
			tagged.LastUsedAt = time.Time{}
			return &tagged
		},
	}
	t.List = func(ctx context.Context, q Query) (*store.Page[Result[userman.Token]], error) {
		return listTokens(ctx, service(ctx), q)
	}
	t.Get = func(ctx context.Context, id string) (Result[userman.Token], error) {
		token, err := service(ctx).Token(ctx, id)
		return TokenResult(ctx, service(ctx), token, store.Secret{}, err)
	}
	t.Create = func(ctx context.Context, d *Draft[userman.Token]) (Result[userman.Token], error) {
		token, key, err := service(ctx).CreateToken(ctx, d.Owner, d.Record)
		return TokenResult(ctx, service(ctx), token, key, MergeErrors(d.Errors, err))
	}
	t.Update = func(ctx context.Context, id string, change func(*userman.Token) error) (Result[userman.Token], error) {
		token, err := service(ctx).UpdateToken(ctx, id, change)
		return TokenResult(ctx, service(ctx), token, store.Secret{}, err)
	}
	t.Delete = func(ctx context.Context, id string, _ bool) error { return service(ctx).DeleteToken(ctx, id) }
	return t.check()
}

// TokenResult adds its owner to a token of the service.
func TokenResult(ctx context.Context, users *userman.Service, token *userman.Token, key store.Secret, err error) (Result[userman.Token], error) {
	if err != nil {
		return Result[userman.Token]{}, err
	}
	owner, err := users.GetByID(ctx, token.UserID)
	if err != nil {
		return Result[userman.Token]{}, err
	}
	return Result[userman.Token]{Record: token, Secret: key, Owner: owner.Username}, nil
}

// listTokens reads each owner once. It leaves out the tokens of a user who was
// purged after they were read.
func listTokens(ctx context.Context, users *userman.Service, q Query) (*store.Page[Result[userman.Token]], error) {
	tokens, err := users.Tokens(ctx, q.Owner, q.PageRequest)
	if err != nil {
		return nil, err
	}
	page := &store.Page[Result[userman.Token]]{Next: tokens.Next}
	owners := map[string]string{}
	for _, token := range tokens.Items {
		owner, known := owners[token.UserID]
		if !known {
			u, err := users.GetByID(ctx, token.UserID)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return nil, err
			}
			owner = u.Username
			owners[token.UserID] = owner
		}
		page.Items = append(page.Items, Result[userman.Token]{Record: token, Owner: owner})
	}
	return page, nil
}

func tokenAddresses() Part[userman.Token] {
	return Part[userman.Token]{
		Meta: field.Meta{
			Name: "addresses", Kind: field.KindList, Label: "Allowed addresses", Section: "Limits", Placeholder: "ADDRESSES",
			Help: "The addresses and networks that the token can be used from. Leave empty for any address.", Max: userman.MaxTokenAddresses,
		},
		Get: func(token *userman.Token) field.Value { return networkTexts(token.Addresses) },
		Set: func(token *userman.Token, v field.Value) []store.FieldError {
			networks, errs := parseItems("addresses", v, parseTokenNetwork)
			if len(errs) == 0 {
				token.Addresses = networks
			}
			return errs
		},
	}
}

// networkTexts returns the networks as text. A network of one address is written as
// the address.
func networkTexts(networks []netip.Prefix) field.Value {
	list := make([]string, len(networks))
	for i, network := range networks {
		list[i] = network.String()
		if network.IsSingleIP() {
			list[i] = network.Addr().String()
		}
	}
	return field.ListValue(list)
}

// parseTokenNetwork reads a network. Its error names a field.
func parseTokenNetwork(text string) (netip.Prefix, error) {
	network, err := userman.ParseNetwork(text)
	if err != nil {
		return network, store.NewInvalidError(store.FieldError{Code: "network", Message: err.Error()})
	}
	return network, nil
}

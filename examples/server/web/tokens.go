package web

import (
	"context"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/internal/resource"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// tokenPages are the pages of the API tokens of one user.
type tokenPages struct {
	record[apitoken.Token]

	holder *userman.User
}

func newTokenPages(p *pages, holder *userman.User) *tokenPages {
	t, path := &tokenPages{holder: holder}, userPath(holder.Username)
	t.record = withDefaults(record[apitoken.Token]{
		pages: p, template: "token", listPath: path + "/tokens",
		fieldSet: fieldSet[apitoken.Token]{
			Type: resource.Tokens(p.tokens), clean: cleanTokenList, sections: map[string]string{"addresses": "General", "disabled": "General"},
		},
		columns: []column{
			{"Token ID", ""}, {"Description", ""}, {"Status", ""}, {"Extensions", ""}, {"Modules", ""}, {"Requests per hour", ""}, {"Expires", ""}, {"Last used", ""},
		},
		list: t.describeList,
		path: func(one *apitoken.Token) string { return recordPath(path+"/tokens/", string(one.ID)) },
		load: t.token,
		blank: func(context.Context, *request) (*apitoken.Token, error) {
			all := []string{permission.Any}
			return &apitoken.Token{Extensions: all, Modules: all, RequestsPerHour: apitoken.DefaultRequestsPerHour}, nil
		},
		created: func(ctx context.Context, _ *request, result resource.Result[apitoken.Token]) (response, error) {
			return t.showKey(ctx, result.Record, result.Secret), nil
		},
		deleted: func(*apitoken.Token) string { return "API token deleted." },
		user:    func(*apitoken.Token) *userman.User { return holder },
		owner:   holder,
	})
	return t
}

// tokens is the service for the administrator who sent the request.
func (p *pages) tokens(ctx context.Context) *apitoken.Service {
	return p.site.TokensFor(p.sessions.Administrator(ctx))
}

func (t *tokenPages) routes() []route {
	const section, list, one = app.SectionUsers, userRoute + "/tokens", userRoute + "/tokens/{id}"
	return slices.Concat(
		t.record.routes(section, list, one),
		t.confirmed(section, one, "/delete", nil, t.delete), t.confirmed(section, one, "/rotate", nil, t.rotate),
		[]route{get(one+"/key", section, t.with(t.key))},
	)
}

// tokenRoutes are the pages of the tokens of the user in the address.
func (u *userPages) tokenRoutes() []route {
	routes := newTokenPages(u.pages, &userman.User{}).routes()
	for i := range routes {
		routes[i].handle = u.with(func(ctx context.Context, r *request, holder *userman.User) (response, error) {
			return newTokenPages(u.pages, holder).routes()[i].handle(ctx, r)
		})
	}
	return routes
}

// token returns the token of the user that the address names.
func (t *tokenPages) token(ctx context.Context, r *request) (*apitoken.Token, error) {
	token, err := t.tokens(ctx).Get(ctx, apitoken.ID(r.PathValue("id")))
	if err == nil && token.UserID != t.holder.ID {
		err = &store.NotFoundError{Kind: apitoken.Kind}
	}
	return token, err
}

// cleanTokenList reads the word all in any case. An empty list stays a list: it
// does not stand for all.
func cleanTokenList(m field.Meta, v field.Value, _ string) field.Value {
	if m.Name != "extensions" && m.Name != "modules" {
		return v
	}
	list := append([]string{}, v.List()...)
	for i, word := range list {
		if strings.EqualFold(word, permission.Any) {
			list[i] = permission.Any
		}
	}
	return field.ListValue(list)
}

// tokenHolder is the user of the tokens in the list.
type tokenHolder struct {
	*userman.User

	// Permitted says that the user has the permission to use the API.
	Permitted bool
}

func (t *tokenPages) describeList(ctx context.Context, _ *request, body *listPage[apitoken.Token]) error {
	effective, err := t.users(ctx).EffectivePermissions(ctx, t.holder.Username)
	if err != nil {
		return err
	}
	body.Extra = tokenHolder{t.holder, effective.Enabled(permission.RESTUse)}
	return nil
}

func (t *tokenPages) rotate(ctx context.Context, _ *request, now *apitoken.Token) (response, error) {
	rotated, key, err := t.tokens(ctx).Rotate(ctx, now.ID)
	if err != nil {
		return nil, err
	}
	return t.showKey(ctx, rotated, key), nil
}

func (t *tokenPages) showKey(ctx context.Context, now *apitoken.Token, key store.Secret) response {
	return t.showOnce(ctx, now, "/key", now.KeyCreatedAt, key)
}

func (t *tokenPages) key(_ context.Context, r *request, now *apitoken.Token) (response, error) {
	key := t.takeOnce(r, now, "/key", now.KeyCreatedAt)
	return page{Name: "once", Title: "API token key of " + t.holder.Name(), Body: oncePage{
		Kind: "key", Secret: key, TokenID: string(now.ID), Again: t.path(now) + "/rotate", Back: pageLink{t.path(now), "the token"},
	}}, nil
}

package web

import (
	"context"
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

	user *userman.User
}

// tokenPath is the page of a token.
func tokenPath(username, id string) string { return recordPath(userPath(username)+"/tokens/", id) }

func newTokenPages(p *pages, u *userman.User) *tokenPages {
	t := &tokenPages{user: u}
	t.record = record[apitoken.Token]{
		pages: p, template: "token", list: userPath(u.Username) + "/tokens",
		fieldSet: fieldSet[apitoken.Token]{
			Type: resource.Tokens(p.tokens, p.users), clean: cleanTokenList, sections: map[string]string{"addresses": "General", "disabled": "General"},
		},
		path: func(one *apitoken.Token) string { return tokenPath(u.Username, one.ID) },
		load: t.token, body: t.body,
		title: func(*apitoken.Token) string { return "API token of " + u.Name() },
		name:  func(*apitoken.Token) string { return "this API token" },
		above: []pageLink{{"/users", "Users"}, {userPath(u.Username), u.Username}},
		blank: func(context.Context, *request) (*apitoken.Token, error) {
			all := []string{permission.Any}
			return &apitoken.Token{Extensions: all, Modules: all, RequestsPerHour: apitoken.DefaultRequestsPerHour}, nil
		},
		draft: func(_ context.Context, _ *request, _ input, d *resource.Draft[apitoken.Token]) error {
			d.Owner = u.Username
			return nil
		},
		created: func(ctx context.Context, _ *request, result resource.Result[apitoken.Token]) (response, error) {
			return t.showKey(ctx, result.Record, result.Secret), nil
		},
		saved:        func(_, _ *apitoken.Token) string { return "Saved." },
		deleted:      func(*apitoken.Token) string { return "API token deleted." },
		consequences: tokenDeletion,
		userID:       func(*apitoken.Token) string { return u.ID },
		owner:        u.ID,
	}
	return t
}

// tokens is the service for the administrator who sent the request.
func (p *pages) tokens(ctx context.Context) *apitoken.Service {
	return p.site.TokensFor(p.sessions.Administrator(ctx))
}

// forTokens returns a handler for the tokens of the user whom the request names.
func (u *userPages) forTokens(of func(*tokenPages) handler) handler {
	return func(ctx context.Context, r *request) (response, error) {
		one, err := u.user(ctx, r)
		if err != nil {
			return nil, err
		}
		return of(newTokenPages(u.pages, one))(ctx, r)
	}
}

func (u *userPages) tokenRoutes() []route {
	const section, list, one = app.SectionUsers, userRoute + "/tokens", userRoute + "/tokens/{id}"
	return []route{
		get(list, section, u.forTokens(func(t *tokenPages) handler { return t.index })),
		get(list+"/new", section, u.forTokens(func(t *tokenPages) handler { return t.new })),
		post(list+"/new", section, u.forTokens(func(t *tokenPages) handler { return t.create })),
		get(one, section, u.forTokens(func(t *tokenPages) handler { return t.show })),
		post(one, section, u.forTokens(func(t *tokenPages) handler { return t.save })),
		get(one+"/key", section, u.forTokens(func(t *tokenPages) handler { return t.key })),
		get(one+"/rotate", section, u.forTokens(func(t *tokenPages) handler { return t.confirm(t.askRotate) })),
		post(one+"/rotate", section, u.forTokens(func(t *tokenPages) handler { return t.confirmed(t.askRotate, t.rotate) })),
		get(one+"/delete", section, u.forTokens(func(t *tokenPages) handler { return t.confirm(t.askDelete) })),
		post(one+"/delete", section, u.forTokens(func(t *tokenPages) handler { return t.confirmed(t.askDelete, t.delete) })),
	}
}

// token returns the token of the user that the address names.
func (t *tokenPages) token(ctx context.Context, r *request) (*apitoken.Token, error) {
	token, err := t.tokens(ctx).Get(ctx, r.PathValue("id"))
	if err == nil && token.UserID != t.user.ID {
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

// tokenListPage shows the API tokens of a user.
type tokenListPage struct {
	Username, Name string
	Items          []*apitoken.Token
	Paging         paging
	// Permitted says that the user has the permission to use the API.
	Permitted bool
}

func (t *tokenPages) index(ctx context.Context, r *request) (response, error) {
	at := listRequest{Path: t.list, page: store.PageRequest{After: r.query("after")}}
	list, err := t.tokens(ctx).List(ctx, t.user.Username, at.page)
	if err != nil {
		return nil, err
	}
	effective, err := t.users(ctx).EffectivePermissions(ctx, t.user.Username)
	if err != nil {
		return nil, err
	}
	return page{Name: "tokens", Title: "API tokens of " + t.user.Name(), Body: tokenListPage{
		Username: t.user.Username, Name: t.user.Name(), Items: list.Items, Paging: at.paging(list.Next), Permitted: effective.Enabled(permission.RESTUse),
	}}, nil
}

// tokenPage is the page of one token.
type tokenPage struct {
	UserID, Username, Path string
	Token                  *apitoken.Token
	Form                   form
}

func (t *tokenPages) body(_ context.Context, _ *request, now *apitoken.Token, f form, _ formErrors) (any, error) {
	return tokenPage{UserID: t.user.ID, Username: t.user.Username, Path: t.path(now), Token: now, Form: f}, nil
}

func tokenDeletion(context.Context, *apitoken.Token) ([]string, error) {
	return []string{"The program that uses the token loses access.", "This cannot be undone. To keep the token, disable it instead."}, nil
}

func (t *tokenPages) askRotate(_ context.Context, now *apitoken.Token) (confirmation, error) {
	return confirmation{
		Title: "Create a new key for this API token?", Action: t.path(now) + "/rotate", Yes: "Create new key",
		Consequences: []string{"The old key stops working immediately. Update the program that uses it.", "The new key is shown only once."},
	}, nil
}

func (t *tokenPages) rotate(ctx context.Context, _ *request, now *apitoken.Token) (response, error) {
	rotated, key, err := t.tokens(ctx).Rotate(ctx, now.ID)
	if err != nil {
		return nil, err
	}
	return t.showKey(ctx, rotated, key), nil
}

// tokenKeyPage shows a new key, once.
type tokenKeyPage struct {
	Name, Back string
	ID, Key    copyable
}

// showKey has the next page show the key of a token.
func (t *tokenPages) showKey(ctx context.Context, now *apitoken.Token, key store.Secret) response {
	t.stashSecret(ctx, tokenKey, now.ID, now.KeyCreatedAt, key.Reveal())
	return redirect{Path: t.path(now) + "/key"}
}

func (t *tokenPages) key(ctx context.Context, r *request) (response, error) {
	now, err := t.token(ctx, r)
	if err != nil {
		return nil, err
	}
	return page{Name: "tokenkey", Title: "API token key of " + t.user.Name(), Body: tokenKeyPage{
		Name: t.user.Name(), Back: t.path(now),
		ID:  copyable{ID: "token-id", Text: now.ID, What: "the token ID"},
		Key: copyable{ID: "key", Text: t.takeSecret(ctx, r, tokenKey, now.ID, now.KeyCreatedAt), What: "the key"},
	}}, nil
}

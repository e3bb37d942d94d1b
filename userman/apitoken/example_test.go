package apitoken_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/apitoken"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// newExampleService returns the tokens of jane, who has two extensions.
func newExampleService(ctx context.Context) *apitoken.Service {
	db := memstore.New()
	users := userman.New(db.Users(""), &userman.Options{Dependents: []userman.Dependents{apitoken.Dependents(db.Tokens(""), nil)}})
	_, err := users.Create(ctx, userman.NewUser{User: &userman.User{
		Username: "jane", DefaultExtension: "1001", LinkedExtensions: []string{"1002"},
		Permissions: permission.Permissions{permission.RESTUse: permission.On()},
	}})
	if err != nil {
		panic(err)
	}
	return apitoken.New(db.Tokens(""), users, nil)
}

// The key is shown once; from then on only its hash is kept.
func ExampleService_Create() {
	ctx := context.Background()
	token, key, err := newExampleService(ctx).Create(ctx, "jane", &apitoken.Token{
		Description: "the CRM", Modules: []string{"call_forward"},
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")},
		ExpiresAt: time.Now().AddDate(1, 0, 0),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(token.ID), len(key.Reveal()), key)
	fmt.Println(token.Extensions, token.Modules, token.RequestsPerHour, token.Addresses)
	// Output:
	// 16 43 [redacted]
	// [all] [call_forward] 1000 [192.0.2.0/24]
}

// A server asks for each request of a program.
func ExampleService_Authenticate() {
	ctx := context.Background()
	tokens := newExampleService(ctx)
	token, key, err := tokens.Create(ctx, "jane", &apitoken.Token{Modules: []string{"call_forward"}, RequestsPerHour: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, extension := range []string{"1001", "1003", "1002", "1001"} {
		u, err := tokens.Authenticate(ctx, apitoken.Request{
			TokenID: token.ID, Key: key, Module: "call_forward", Extension: extension, RemoteAddr: netip.MustParseAddr("192.0.2.7"),
		})
		switch {
		case errors.Is(err, store.ErrRateLimited):
			fmt.Println("answer 429, with Retry-After")
		case err != nil:
			fmt.Println(err)
		default:
			fmt.Println(u.Username, "may")
		}
	}
	// Output:
	// jane may
	// this API token has no access to this extension; a token can access only extensions of its user
	// jane may
	// answer 429, with Retry-After
}

// A key that somebody else may have seen is replaced by another one.
func ExampleService_Rotate() {
	ctx := context.Background()
	tokens := newExampleService(ctx)
	token, old, err := tokens.Create(ctx, "jane", &apitoken.Token{Modules: []string{permission.Any}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, key, err := tokens.Rotate(ctx, token.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []store.Secret{old, key} {
		_, err := tokens.Authenticate(ctx, apitoken.Request{TokenID: token.ID, Key: key, Module: "voicemail"})
		fmt.Println(err)
	}
	// Output:
	// the ID or the key of the API token is wrong; check both, or ask for a new key
	// <nil>
}

// A token that is disabled is kept, and can be enabled again.
func ExampleService_Update() {
	ctx := context.Background()
	tokens := newExampleService(ctx)
	token, _, err := tokens.Create(ctx, "jane", &apitoken.Token{})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err = tokens.Update(ctx, token.ID, func(t *apitoken.Token) error {
		t.Disabled = true
		return nil
	})
	fmt.Println(token.Disabled, err)
	// Output: true <nil>
}

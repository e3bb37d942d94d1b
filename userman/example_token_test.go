package userman_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// The key is shown once; from then on only its hash is kept.
func ExampleService_CreateToken() {
	ctx := context.Background()
	token, key, err := newExampleService(ctx).CreateToken(ctx, "jane", &userman.Token{
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
func ExampleService_Authorize() {
	ctx := context.Background()
	users := newExampleService(ctx)
	token, key, err := users.CreateToken(ctx, "jane", &userman.Token{Modules: []string{"call_forward"}, RequestsPerHour: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, extension := range []string{"1001", "1003", "1002", "1001"} {
		u, err := users.Authorize(ctx, userman.TokenRequest{
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
	// this API token does not reach this extension; it reaches those of its person only, all or some
	// jane may
	// answer 429, with Retry-After
}

// A key that somebody else may have seen is replaced by another one.
func ExampleService_RotateToken() {
	ctx := context.Background()
	users := newExampleService(ctx)
	token, old, err := users.CreateToken(ctx, "jane", &userman.Token{Modules: []string{permission.Any}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, key, err := users.RotateToken(ctx, token.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, key := range []store.Secret{old, key} {
		_, err := users.Authorize(ctx, userman.TokenRequest{TokenID: token.ID, Key: key, Module: "voicemail"})
		fmt.Println(err)
	}
	// Output:
	// there is no API token with this ID and this key; look at both, or ask for another key
	// <nil>
}

// A token that is disabled is kept, and can be enabled again.
func ExampleService_UpdateToken() {
	ctx := context.Background()
	users := newExampleService(ctx)
	token, _, err := users.CreateToken(ctx, "jane", &userman.Token{})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err = users.UpdateToken(ctx, token.ID, func(t *userman.Token) error {
		t.Disabled = true
		return nil
	})
	fmt.Println(token.Disabled, err)
	// Output: true <nil>
}

// A telephone asks whether to show an app to whoever has its extension.
func ExampleService_AuthorizePhone() {
	ctx := context.Background()
	users := newExampleService(ctx)
	for _, module := range []string{"call_forward", "voicemail"} {
		_, err := users.AuthorizePhone(ctx, "1001", module)
		fmt.Println(module, err)
	}
	// Output:
	// call_forward <nil>
	// voicemail the person of this extension may not use this app on the telephone; ask your administrator to permit it
}

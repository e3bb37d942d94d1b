package userman_test

import (
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// newExampleService is a service with jane, who is in the group Sales.
func newExampleService(ctx context.Context) *userman.Service {
	users := userman.New(memstore.New().Users(""), nil)
	_, err := users.Groups().Create(ctx, &userman.Group{Name: "Sales", Permissions: permission.Permissions{
		permission.XMPPLogin:           permission.On(),
		permission.RESTUse:             permission.On(),
		permission.VoicemailExtensions: permission.Append("1099"),
		permission.PhoneAppsModules:    permission.Set("call_forward"),
	}})
	if err != nil {
		panic(err)
	}
	_, err = users.Create(ctx, userman.NewUser{User: &userman.User{
		Username: "jane", DefaultExtension: "1001", LinkedExtensions: []string{"1002"}, Groups: []string{"Sales"},
	}})
	if err != nil {
		panic(err)
	}
	return users
}

// What a person may do comes from the person, the groups and the defaults.
func ExampleService_EffectivePermissions() {
	ctx := context.Background()
	jane, err := newExampleService(ctx).EffectivePermissions(ctx, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(jane.Enabled(permission.XMPPLogin))
	fmt.Println(jane.Values(permission.VoicemailExtensions))
	fmt.Println(jane.Contains(permission.VoicemailExtensions, "1099"), jane.Contains(permission.VoicemailExtensions, "1002"))
	// Output:
	// true
	// [1001 1099] false
	// true false
}

func ExampleService_EffectivePermissions_explain() {
	ctx := context.Background()
	jane, err := newExampleService(ctx).EffectivePermissions(ctx, "jane")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, permission := range []string{permission.XMPPLogin, permission.VoicemailExtensions, permission.HistoryDownload} {
		explanation, err := jane.Explain(permission)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(explanation.Permission.Description, explanation.Summary)
	}
	// Output:
	// May log in to the chat server (XMPP). On, because the group Sales sets it; it is off by default.
	// May see and manage the voicemail boxes of these extensions. 1001, 1099, because the group Sales adds 1099, and by default it is the user's own extension.
	// May download the call history. On (default).
}

// Many people are told of from groups that are loaded once.
func ExampleAccess_PermissionResolver() {
	ctx := context.Background()
	users := newExampleService(ctx)
	access, err := users.Access(ctx)
	if err != nil {
		panic(err)
	}
	resolver, err := access.PermissionResolver(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = users.Each(ctx, func(u *userman.User) error {
		fmt.Println(u.Username, resolver.For(u.PermissionSubject()).Format(permission.VoicemailExtensions))
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output: jane 1001, 1099
}

// A product has permissions of its own, and other defaults.
func ExampleService_Permissions() {
	users := userman.New(memstore.New().Users(""), &userman.Options{Permissions: []permission.Permission{
		{ID: "fax.send", Kind: permission.KindBool, Description: "May send faxes."},
		{ID: permission.XMPPLogin, Default: permission.On()},
	}})
	for _, p := range users.Permissions() {
		if p.Module() == "fax" || p.Module() == "xmpp" {
			fmt.Println(p.ID, p.Kind, p.Default, p.Description)
		}
	}
	// Output:
	// xmpp.login bool on May log in to the chat server (XMPP).
	// fax.send bool off May send faxes.
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
	// voicemail the user of this extension does not have the permission for this phone app; ask your administrator for it
}

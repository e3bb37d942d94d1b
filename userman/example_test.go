package userman_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/store/scope"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// A product adds permissions of its own, and says who refers to people.
func ExampleNew() {
	users := userman.New(memstore.New().Users(""), &userman.Options{
		Permissions: []permission.Permission{{ID: "fax.send", Kind: permission.KindBool, Description: "May send faxes."}},
		References: []func(context.Context, *userman.User) ([]store.Reference, error){
			func(_ context.Context, u *userman.User) ([]store.Reference, error) {
				return []store.Reference{{Kind: "call flow", Key: "night service of " + u.Name()}}, nil
			},
		},
	})
	ctx := context.Background()
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", FirstName: "Jane"}})
	fmt.Println(users.Delete(ctx, "jane"))
	// Output: this user is needed by call flow night service of Jane
}

// A person owns extensions, and logs in with a password of their own.
func ExampleService_Create() {
	users := userman.New(memstore.New().Users(""), nil)
	jane, err := users.Create(context.Background(), userman.NewUser{
		User: &userman.User{
			Username: "jane.doe", FirstName: "Jane", LastName: "Doe", Email: "jane@example.com",
			DefaultExtension: "1001", LinkedExtensions: []string{"2001"},
		},
		Password: store.NewSecret("vivid-otter-73-lanterns"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(jane.Name(), jane.Extensions(), jane.HasPassword)
	// Output: Jane Doe [1001 2001] true
}

// What is refused is told field by field, for a form to show.
func ExampleService_Create_invalid() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "joan", DefaultExtension: "1001"}})

	_, err := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane doe", Email: "jane"}})
	if invalid, ok := errors.AsType[*store.InvalidError](err); ok {
		for _, f := range invalid.Fields {
			fmt.Println(f.Field, f.Code)
		}
	}
	_, err = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", DefaultExtension: "1001"}})
	fmt.Println(err)
	// Output:
	// username username
	// email email
	// default_extension: another user already has this default_extension; choose a different one
}

// Update changes what the function changes, and nothing else.
func ExampleService_Update() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", Description: "front desk"}})
	jane, err := users.Update(ctx, "jane", func(u *userman.User) error {
		u.Title = "Head of reception"
		return nil
	})
	fmt.Println(jane.Title, jane.Description, err)
	// Output: Head of reception front desk <nil>
}

func ExampleService_List() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	for _, u := range []*userman.User{
		{Username: "jane", WorkPhone: "+49 30 1234-56", DefaultExtension: "1001"},
		{Username: "joan", LinkedExtensions: []string{"1001"}},
		{Username: "june"},
	} {
		_, _ = users.Create(ctx, userman.NewUser{User: u})
	}
	for _, q := range []userman.Query{{Search: "301234"}, {Extension: "1001"}} {
		list, _ := users.List(ctx, q)
		for _, u := range list.Items {
			fmt.Println(u.Username)
		}
	}
	// Output:
	// jane
	// jane
	// joan
}

// New people are in the default groups on whatever way they come in.
func ExampleGroupService_Create() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	_, _ = users.Groups().Create(ctx, &userman.Group{
		Name: "Everybody", Default: true, Permissions: permission.Permissions{permission.XMPPLogin: permission.On()},
	})
	create, _ := users.PrepareExtensionUser(ctx, userman.NewExtension{Number: "1001"})
	created, _ := create(ctx)
	effective, _ := users.EffectivePermissions(ctx, created.User.Username)
	fmt.Println(created.User.Groups, effective.Enabled(permission.XMPPLogin))
	// Output: [Everybody] true
}

// Who is affected is told before a group goes.
func ExampleGroupService_Delete() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	_, _ = users.Groups().Create(ctx, &userman.Group{Name: "Sales", Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}})
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane"}})
	_ = users.Groups().AddMembers(ctx, "Sales", "jane")

	fmt.Println(users.Groups().Delete(ctx, "Sales", false))
	impact, _ := users.Groups().PreviewDelete(ctx, "Sales", 10)
	fmt.Println(impact.Total, impact.Items[0].Username, impact.Items[0].Changes)
	fmt.Println(users.Groups().Delete(ctx, "Sales", true))
	// Output:
	// this group is needed by user jane
	// 1 jane [{xmpp.login on off}]
	// <nil>
}

// A deleted person can be restored, under another name when somebody else has
// the old one by now.
func ExampleService_Restore() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	jane, _ := users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", DefaultExtension: "1001"}})
	_ = users.Delete(ctx, "jane")
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane"}})

	_, err := users.Restore(ctx, jane.ID, nil)
	fmt.Println(err)
	restored, err := users.Restore(ctx, jane.ID, func(u *userman.User) error {
		u.Username = "jane.doe"
		return nil
	})
	fmt.Println(restored.Username, restored.DefaultExtension, err)
	// Output:
	// username: another user already has this username; choose a different one
	// jane.doe 1001 <nil>
}

// The password is hashed before the transaction that creates the extension and its
// user.
func ExampleService_PrepareExtensionUser() {
	db := memstore.New()
	users := userman.New(db.Users(""), nil)
	ctx := context.Background()
	create, err := users.PrepareExtensionUser(ctx, userman.NewExtension{Number: "1001", DisplayName: "Jane Doe", GeneratePassword: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = db.RunInTx(ctx, func(ctx context.Context) error {
		// The extension is written here.
		created, err := create(ctx)
		if err != nil {
			return err
		}
		fmt.Println(created.User.Username, created.User.Name(), len(created.Password.Reveal()))
		return nil
	})
	fmt.Println(err)
	// Output:
	// 1001 Jane Doe 20
	// <nil>
}

func ExampleService_OnExtensionDeleted() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane", DefaultExtension: "1001"}})
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "joan", LinkedExtensions: []string{"1001"}}})
	changed, err := users.OnExtensionDeleted(ctx, "1001", userman.OrphanDisable)
	fmt.Println(changed, err)
	jane, _ := users.Get(ctx, "jane")
	fmt.Println(jane.Disabled, jane.Extensions())
	// Output:
	// [jane joan] <nil>
	// true []
}

// A limited administrator of the extensions 100 to 199 sees only their users.
func ExampleService_Scoped() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	for username, extension := range map[string]string{"jane": "101", "joan": "201"} {
		_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: username, DefaultExtension: extension}})
	}
	scoped := users.Scoped(func(context.Context) (scope.Scope, error) {
		// Read the administrator's record here, in the transaction of the context.
		extensions, err := scope.ParseRanges("100-199")
		return scope.Limited(extensions, scope.Ranges{}), err
	})
	list, _ := scoped.List(ctx, userman.Query{})
	fmt.Println(len(list.Items), list.Items[0].Username)
	_, err := scoped.Get(ctx, "joan")
	fmt.Println(errors.Is(err, store.ErrForbidden))
	// Output:
	// 1 jane
	// true
}

func ExampleService_SetPicture() {
	users := userman.New(memstore.New().Users(""), nil)
	ctx := context.Background()
	_, _ = users.Create(ctx, userman.NewUser{User: &userman.User{Username: "jane"}})
	var file bytes.Buffer
	_ = png.Encode(&file, image.NewGray(image.Rect(0, 0, 640, 480)))

	_, err := users.SetPicture(ctx, "jane", &file, nil)
	fmt.Println(err)
	stored, _ := users.Picture(ctx, "jane")
	size, format, _ := image.DecodeConfig(bytes.NewReader(stored))
	fmt.Println(format, size.Width, size.Height)
	// Output:
	// <nil>
	// jpeg 256 256
}

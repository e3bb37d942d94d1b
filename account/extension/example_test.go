package extension_test

import (
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// A new extension has a device. Its secret is shown only once.
func ExampleService_Create() {
	extensions := extension.New(memstore.New().Extensions(""), nil)
	created, err := extensions.Create(context.Background(), &extension.Extension{Number: "6001", Name: "Alice Doe", NAT: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	device := created.Devices[0]
	fmt.Println("SIP username:", extension.Endpoint("", created.Number, device.Ordinal))
	fmt.Println("a password of", len(device.Secret.Reveal()), "characters:", device.Secret)
	// Output:
	// SIP username: 6001
	// a password of 24 characters: [redacted]
}

// A second device rings as well, and is removed alone.
func ExampleService_AddDevice() {
	ctx := context.Background()
	extensions := extension.New(memstore.New().Extensions(""), nil)
	_, _ = extensions.Create(ctx, &extension.Extension{Number: "6001"})
	home, err := extensions.AddDevice(ctx, "6001", "Home")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(extension.Endpoint("", "6001", home.Ordinal), home.Label)
	fmt.Println(extensions.RemoveDevice(ctx, "6001", home.Ordinal))
	fmt.Println(extensions.RemoveDevice(ctx, "6001", 1))
	// Output:
	// 6001-d2 Home
	// <nil>
	// this is the only device of the extension; add another one first, or make the extension virtual
}

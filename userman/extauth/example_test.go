package extauth_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/extauth"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Prosody asks a program about a login. The program passes os.Stdin and os.Stdout.
func ExampleServer_Serve() {
	ctx := context.Background()
	users := userman.New(memstore.New().Users(""), nil)
	_, err := users.Create(ctx, userman.NewUser{
		User:     &userman.User{Username: "jane.doe", Permissions: permission.Permissions{permission.XMPPLogin: permission.On()}},
		Password: store.NewSecret("correct horse battery staple"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := extauth.New(users, "example.com", &extauth.Options{Protocol: extauth.Generic})
	request := strings.NewReader("auth:jane.doe:example.com:correct horse battery staple\n")
	var answer bytes.Buffer
	err = server.Serve(ctx, request, &answer)
	fmt.Print(answer.String(), err)
	// Output:
	// 1
	// <nil>
}

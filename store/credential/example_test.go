package credential_test

import (
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func ExampleLoginError() {
	var err error = &credential.LoginError{
		Code: credential.InvalidMFACode, Message: "this code is wrong",
	}
	if loginErr, ok := errors.AsType[*credential.LoginError](err); ok && loginErr.Code == credential.InvalidMFACode {
		fmt.Println("ask again:", loginErr)
	}
	fmt.Println(errors.Is(err, store.ErrForbidden))
	// Output:
	// ask again: this code is wrong
	// true
}

func ExampleCredentials_HasSecondFactor() {
	creds := credential.Credentials{SecondFactor: &credential.TOTP{Secret: store.NewSecret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")}}
	fmt.Println(creds.HasSecondFactor())
	creds.SecondFactor.Confirmed = true
	fmt.Println(creds.HasSecondFactor())
	// Output:
	// false
	// true
}

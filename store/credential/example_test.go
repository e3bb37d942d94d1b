package credential_test

import (
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
)

func ExampleLoginError() {
	var err error = &credential.LoginError{
		Code: credential.CodeRequired, Message: "type the code that your authenticator app shows", Generation: 7,
	}
	if refused, ok := errors.AsType[*credential.LoginError](err); ok && refused.Code == credential.CodeRequired {
		fmt.Println("ask for a code:", refused)
	}
	fmt.Println(errors.Is(err, store.ErrForbidden))
	// Output:
	// ask for a code: type the code that your authenticator app shows
	// true
}

func ExampleSet_HasSecondFactor() {
	set := credential.Set{SecondFactor: &credential.Factor{Secret: store.NewSecret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")}}
	fmt.Println(set.HasSecondFactor())
	set.SecondFactor.Confirmed = true
	fmt.Println(set.HasSecondFactor())
	// Output:
	// false
	// true
}

package permission_test

import (
	"fmt"

	"github.com/pbxusers/pbxusers/userman/permission"
)

func ExampleParseValue() {
	for _, text := range []string{"1002, self", "+ linked", "none", "extension 5"} {
		value, err := permission.ParseValue(permission.KindExtensions, text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(value, value.IsAppend())
	}
	// Output:
	// self, 1002 false
	// + linked true
	// none false
	// value: write extensions of 1 to 20 digits, or the words self, linked and all
}

// A client of an API changes single permissions, and removes one.
func ExamplePermissions_Merge() {
	grants := permission.Permissions{permission.XMPPLogin: permission.On(), permission.RESTUse: permission.On()}
	merged, errs := grants.Merge(permission.Standard(), map[string]any{"rest.use": nil, "voicemail.extensions": []any{"self", "4000"}})
	fmt.Println(merged.Texts(), len(errs))
	// Output: [voicemail.extensions=self, 4000 xmpp.login=on] 0
}

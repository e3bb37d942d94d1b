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

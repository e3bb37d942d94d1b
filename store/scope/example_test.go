package scope_test

import (
	"fmt"

	"github.com/pbxusers/pbxusers/store/scope"
)

func ExampleParseRanges() {
	r, err := scope.ParseRanges("205, 100-199, 200-204")
	fmt.Println(r, err)
	_, err = scope.ParseRanges("99-100")
	fmt.Println(err)
	// Output:
	// 100-205 <nil>
	// ranges: part 1: both ends of a range must have the same length, and + on both or on neither; enter 10-99,100-199 instead of 10-199
}

package strictjson_test

import (
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store/strictjson"
)

// Two readers of this document disagree on who is deleted, so no reader gets it.
func ExampleParse() {
	_, err := strictjson.Parse([]byte(`{"username": "jane.roe", "Username": "admin"}`))
	rejected, _ := errors.AsType[*strictjson.Error](err)
	fmt.Println(rejected.Code+":", rejected.Message)
	// Output: duplicate: an object has the same field twice
}

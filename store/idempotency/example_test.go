package idempotency_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/idempotency"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func ExampleResponses_Do() {
	keyring, err := store.NewKeyring(store.GenerateKey())
	if err != nil {
		fmt.Println(err)
		return
	}
	responses := idempotency.New(memstore.New().TTLStore(), keyring, nil)
	request := &idempotency.Request{
		Key: "3f1c", Place: []string{"jane.admin", "user"}, Body: []byte(`{"username":"ann"}`),
	}
	for range 2 {
		response, err := responses.Do(context.Background(), request, func() (idempotency.Create, error) {
			return func(context.Context) (*idempotency.Response, error) {
				fmt.Println("created")
				return &idempotency.Response{Location: "/users/ann", Body: json.RawMessage(`{"username":"ann"}`)}, nil
			}, nil
		})
		fmt.Println(response.Location, err)
	}
	// Output:
	// created
	// /users/ann <nil>
	// /users/ann <nil>
}

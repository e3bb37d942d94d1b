package memstore_test

import (
	"context"
	"fmt"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func ExampleNew() {
	ctx := context.Background()
	accounts := memstore.New().Managers()
	_ = accounts.CreateUser(ctx, &manager.User{Name: "crm"})
	u, err := accounts.User(ctx, "CRM")
	fmt.Println(u.Name, err)
	fmt.Println(accounts.CreateUser(ctx, &manager.User{Name: "Crm"}))
	// Output:
	// crm <nil>
	// name: another AMI account has this name already; choose a different one
}

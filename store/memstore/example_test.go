package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

func ExampleNew() {
	ctx := context.Background()
	accounts := memstore.New().AMIAccounts()
	_ = accounts.CreateAccount(ctx, &manager.Account{Name: "crm"})
	u, err := accounts.Account(ctx, "CRM")
	fmt.Println(u.Name, err)
	fmt.Println(accounts.CreateAccount(ctx, &manager.Account{Name: "Crm"}))
	// Output:
	// crm <nil>
	// name: another AMI account already has this name; choose a different one
}

func ExampleDB_RunInTx() {
	ctx := context.Background()
	db := memstore.New()
	_ = db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"})

	err := db.RunInTx(ctx, func(ctx context.Context) error {
		if err := db.Administrators().CreateAdministrator(ctx, &ampusers.Administrator{Username: "jane"}); err != nil {
			return err
		}
		return db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm"})
	})
	fmt.Println(err)
	_, err = db.Administrators().Administrator(ctx, "jane")
	fmt.Println(err)
	// Output:
	// name: another AMI account already has this name; choose a different one
	// there is no such administrator
}

func ExampleDB_TTLStore() {
	ctx := context.Background()
	sessions, noon := memstore.New().TTLStore(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	_ = sessions.Put(ctx, "session", "hash of its token", []byte("jane"), noon.Add(time.Hour))

	value, err := sessions.Get(ctx, "session", "hash of its token", noon)
	fmt.Println(string(value), err)
	_, err = sessions.Get(ctx, "session", "hash of its token", noon.Add(time.Hour))
	fmt.Println(err)
	// Output:
	// jane <nil>
	// there is no such value
}

func ExampleDB_Users() {
	ctx := context.Background()
	db := memstore.New()
	for _, team := range []string{"acme", "example"} { // which are isolated
		_ = db.Users(team).CreateUser(ctx, &userman.User{ID: "1", Username: "jane", DefaultExtension: "1001"})
	}

	acme := db.Users("acme")
	fmt.Println(acme.CreateUser(ctx, &userman.User{ID: "2", Username: "bob", DefaultExtension: "1001"}))
	u, err := acme.FindUser(ctx, userman.UserLookup{Username: "JANE"})
	fmt.Println(u.Username, err)
	// Output:
	// default_extension: another user already has this default_extension; choose a different one
	// jane <nil>
}

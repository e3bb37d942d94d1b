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
	accounts := memstore.New().Managers()
	_ = accounts.CreateUser(ctx, &manager.User{Name: "crm"})
	u, err := accounts.User(ctx, "CRM")
	fmt.Println(u.Name, err)
	fmt.Println(accounts.CreateUser(ctx, &manager.User{Name: "Crm"}))
	// Output:
	// crm <nil>
	// name: another AMI account has this name already; choose a different one
}

func ExampleDB_Atomically() {
	ctx := context.Background()
	db := memstore.New()
	_ = db.Managers().CreateUser(ctx, &manager.User{Name: "crm"})

	err := db.Atomically(ctx, func(ctx context.Context) error {
		if err := db.Administrators().CreateAdministrator(ctx, &ampusers.Administrator{Username: "jane"}); err != nil {
			return err
		}
		return db.Managers().CreateUser(ctx, &manager.User{Name: "crm"})
	})
	fmt.Println(err)
	_, err = db.Administrators().Administrator(ctx, "jane")
	fmt.Println(err)
	// Output:
	// name: another AMI account has this name already; choose a different one
	// there is no such administrator
}

func ExampleDB_Vault() {
	ctx := context.Background()
	sessions, noon := memstore.New().Vault(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	_ = sessions.Keep(ctx, "session", "hash of its token", []byte("jane"), noon.Add(time.Hour))

	value, err := sessions.Kept(ctx, "session", "hash of its token", noon)
	fmt.Println(string(value), err)
	_, err = sessions.Kept(ctx, "session", "hash of its token", noon.Add(time.Hour))
	fmt.Println(err)
	// Output:
	// jane <nil>
	// there is no such value
}

func ExampleDB_People() {
	ctx := context.Background()
	db := memstore.New()
	for _, team := range []string{"acme", "example"} { // which know nothing of each other
		_ = db.People(team).CreateUser(ctx, &userman.User{ID: "1", Username: "jane", DefaultExtension: "1001"})
	}

	acme := db.People("acme")
	fmt.Println(acme.CreateUser(ctx, &userman.User{ID: "2", Username: "bob", DefaultExtension: "1001"}))
	u, err := acme.FindUser(ctx, userman.UserKey{Username: "JANE"})
	fmt.Println(u.Username, err)
	// Output:
	// default_extension: another person has this default_extension already; choose a different one
	// jane <nil>
}

package userman_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
)

// payroll is a directory of a product's own: it lists people, and knows no
// passwords.
type payroll struct{ users map[string]string }

func (payroll) Name() string { return "payroll" }
func (payroll) Capabilities() userman.Capabilities {
	return userman.Capabilities{Sync: true, Groups: true}
}
func (payroll) OwnsField(field string) bool { return field == "username" || field == "last_name" }
func (payroll) managedFields() []string     { return []string{"username", "last_name"} }

func (payroll) Authenticate(context.Context, string, store.Secret) (bool, error) {
	return false, errors.New("the payroll has no passwords")
}

func (p payroll) Each(_ context.Context, visit func(userman.DirectoryEntry) error) error {
	for number, name := range p.users {
		err := visit(userman.DirectoryEntry{
			ExternalID: number, User: &userman.User{Username: name + "@example.com", LastName: name}, ManagedFields: p.managedFields(), Groups: []string{"Staff"},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func ExampleService_Sync() {
	ctx := context.Background()
	staff := payroll{users: map[string]string{"17": "Doe", "18": "Roe", "19": "Poe"}}
	users := userman.New(memstore.New().Users(""), &userman.Options{Directories: []userman.Directory{staff}})
	show := func(r *userman.SyncReport, err error) {
		for _, step := range r.Steps {
			fmt.Println(step.Action, step.Username, step.Fields)
		}
		if err != nil {
			fmt.Println(err)
		}
	}

	show(users.Sync(ctx, "payroll", nil))
	staff.users["17"] = "Miller" // has married
	delete(staff.users, "19")
	show(users.Sync(ctx, "payroll", &userman.SyncOptions{DryRun: true}))
	delete(staff.users, "18")
	_, err := users.Sync(ctx, "payroll", nil)
	fmt.Println(err)
	// Output:
	// create Doe@example.com []
	// create Poe@example.com []
	// create Roe@example.com []
	// disable Poe@example.com []
	// update Miller@example.com [last_name username]
	// this would disable or delete 2 of 3 users of the directory, but at most 1 at once; check the users, and allow a larger ratio if this is intended
}

package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pbxusers/pbxusers/manager"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/sqlstore"
)

// openInDir opens a store in the folder, with the driver modernc.org/sqlite.
func openInDir(ctx context.Context, dir string) (db *sqlstore.DB, conn *sql.DB, err error) {
	keyring, err := store.OpenKeyring(filepath.Join(dir, "pbxusers.key"))
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "pbxusers.db")
	if err := sqlstore.CreateSQLiteFile(path); err != nil {
		return nil, nil, err
	}
	conn, err = sql.Open("sqlite", sqlstore.SQLiteDSN(path))
	if err != nil {
		return nil, nil, err
	}
	db, err = sqlstore.Open(ctx, conn, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
	return db, conn, err
}

func ExampleOpen() {
	dir, _ := os.MkdirTemp("", "sqlstore")
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()

	db, conn, err := openInDir(ctx, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()

	err = db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: "crm", Secret: store.NewSecret("correct-horse-battery")})
	fmt.Println(err)
	u, err := db.AMIAccounts().Account(ctx, "CRM")
	fmt.Println(u.Name, u.Secret, err)
	// Output:
	// <nil>
	// crm [redacted] <nil>
}

func ExampleWithTx() {
	dir, _ := os.MkdirTemp("", "sqlstore")
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	db, conn, err := openInDir(ctx, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()

	// A transaction of the product with its own tables.
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = db.AMIAccounts().CreateAccount(sqlstore.WithTx(ctx, tx), &manager.Account{Name: "crm"})
	fmt.Println(err)
	fmt.Println(tx.Rollback())

	_, err = db.AMIAccounts().Account(ctx, "crm")
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// there is no such AMI account
}

func ExampleDB_RunInTx() {
	dir, _ := os.MkdirTemp("", "sqlstore")
	defer func() { _ = os.RemoveAll(dir) }()
	ctx := context.Background()
	db, conn, err := openInDir(ctx, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()

	create := func(names ...string) error {
		return db.RunInTx(ctx, func(ctx context.Context) error {
			for _, name := range names {
				if err := db.AMIAccounts().CreateAccount(ctx, &manager.Account{Name: name}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	fmt.Println(create("crm", "dialer", "CRM"))
	list, err := db.AMIAccounts().ListAccounts(ctx, manager.Query{})
	fmt.Println(len(list.Items), err)
	// Output:
	// name: another AMI account already has this name; choose a different one
	// 0 <nil>
}

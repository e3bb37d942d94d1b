// Package sqlstore stores everything in a SQL database, with database/sql. The
// product chooses the driver and opens the database. The tables are named
// pbxusers_..., so that the product can use the same database and, with [WithTx],
// the same transactions.
//
// For SQLite, with a driver such as modernc.org/sqlite:
//
//	keyring, err := store.OpenKeyring("pbxusers.key")
//	...
//	err = sqlstore.CreateSQLiteFile("pbxusers.db")
//	...
//	conn, err := sql.Open("sqlite", sqlstore.SQLiteDSN("pbxusers.db"))
//	...
//	db, err := sqlstore.Open(ctx, conn, sqlstore.SQLite, &sqlstore.Options{Keyring: keyring})
//	...
//	accounts := manager.New(db.AMIAccounts(), nil)
//
// AMI secrets, the secrets of authenticator apps, and sessions are encrypted with
// the keyring. A copy of the database without the key file does not reveal them.
package sqlstore

// Package sqlstore keeps everything in a SQL database, over database/sql. The
// product chooses the driver and opens the database; this package imports
// none. Its tables are named pbxusers_..., so it can share the database of the
// product, and with [WithTx] also its transactions.
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
//	accounts := manager.New(db.Managers(), nil)
//
// What must be readable again, such as AMI secrets, the secrets of authenticator
// apps and sessions, is sealed with the keyring; whoever has only a copy of the
// database cannot read it.
package sqlstore

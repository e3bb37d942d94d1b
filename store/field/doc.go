// Package field describes the plain editable fields of a record once. A domain
// package declares one [Table] per record type, with one row per field. The
// adapters for JSON, forms, flags, CSV, SQL and LDAP loop over the table and
// exchange each [Value] by the name of its field.
//
// A table stops at plain fields. Relations, permissions, access lists, secrets,
// rules across fields and derived columns are code beside it.
//
// A new text field of a record takes a line in its struct, a row in its table and
// a migration:
//
//	field.Text("nickname", "max=100,plain_line", func(u *User) *string { return &u.Nickname }, field.Meta{
//		Label: "Nickname", Section: "Name", Search: true, Directory: true,
//	})
package field

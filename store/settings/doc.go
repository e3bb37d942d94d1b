// Package settings keeps the settings of a product in its database, where
// administrators change them while the product runs.
//
// A product declares each setting once, as a [Definition], and passes all of them to
// [New]. [Service.Load] returns the saved values; a product combines them with its
// flags and its defaults. [Service.Save] changes several settings at once: it parses
// and checks them, compares the revision that the caller has read, and records the
// change in the audit log, without secrets.
//
// A secret, such as the password of a mail server, goes to the servers that other
// settings name. A change of such a setting must set the secret again in the same
// save: another server would receive the saved secret otherwise. See
// [Definition].SentTo.
//
// The [Store] of a database encrypts all values.
package settings

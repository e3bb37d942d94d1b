// Package dirsync plans how the users of a directory follow its entries: who is
// created, changed, disabled and deleted, and in what order.
//
// [NewPlan] compares the users with the entries. It resolves usernames and
// extensions that move from one user to another, and rejects a plan that removes
// too many users at once. The package is pure: package userman reads the records,
// validates the entries and carries out the [Step]s.
package dirsync

// Package dirsync plans the synchronization of users with the entries of a
// directory: the users to create, update, disable and delete, and the order of
// these steps.
//
// [NewPlan] compares the users with the entries. It resolves usernames and
// extensions that move from one user to another, and rejects a plan that removes
// too many users at once. The package is pure: package userman reads the records,
// validates the entries and executes the [Step]s.
package dirsync

// Package login is how somebody logs in with a password, a second factor and a
// device: one implementation for administrators (package ampusers) and people
// (package userman), who keep their records themselves; see [Accounts].
//
// It throttles those who guess, takes the same time for names that nobody has,
// replaces outdated hashes, spends codes once, and tells the audit trail.
// Sessions are kept elsewhere.
package login

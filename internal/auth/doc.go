// Package auth implements login and the life cycle of credentials once, for
// administrators, users and later accounts. The packages that own the records
// pass them in as [Accounts].
//
// It limits the rate of guesses, takes the same time for unknown usernames,
// replaces outdated password hashes, accepts each code once, and records logins
// in the audit log. It keeps no sessions.
package auth

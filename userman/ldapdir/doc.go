// Package ldapdir lets people come from an LDAP directory, such as OpenLDAPAttributes or
// Active Directory: they are synced from it, and log in with its passwords, by
// bind. It only reads; it never changes the directory.
//
// Whatever the server says is taken with care. A list of people counts only
// when the server has sent all of it, a value that cannot be used is a problem
// of that entry alone, and what is kept in memory is bounded. Referrals to other
// servers are not followed, nor are groups within groups, the primary group of
// an account, and roles.
package ldapdir

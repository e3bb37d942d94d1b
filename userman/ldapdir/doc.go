// Package ldapdir connects userman to an LDAP directory, such as OpenLDAP or Active
// Directory. Users are synchronized from it, and log in with its passwords by bind.
// The package never changes the directory.
//
// Responses of the server are not trusted. A list of users is used only if the
// server has sent all of it. An invalid value is a problem of its entry only.
// Memory is bounded. Referrals to other servers, nested groups, the primary group
// of an account, and roles are not followed.
package ldapdir

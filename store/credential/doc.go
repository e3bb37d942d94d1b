// Package credential has the data of authentication: password hashes, second
// factors, links to set a password and trusted devices. It has the results and the
// errors of logins, and the enrollment of an authenticator app.
//
// Administrators (package ampusers) and users (package userman) share it. It has
// data only; the rules are in those packages. It is not for the secrets of AMI
// accounts, which must be readable again (package manager), or for API tokens
// (package userman/apitoken).
package credential

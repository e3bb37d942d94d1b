// Package credential is what somebody logs in with, as it is kept: the hash of
// a password, a second factor, links with which a password may be set, and the
// devices that are known; it says how an attempt to log in is refused, and what
// an authenticator app is given.
//
// It is shared by those who log in: administrators (package ampusers) and
// people (package userman). It holds data only; the rules are theirs. It is
// not for the secrets of AMI accounts, which programs must read again (package
// manager), nor for API tokens (package userman).
package credential

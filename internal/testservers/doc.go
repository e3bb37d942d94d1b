// Package testservers starts the real programs that this module's tests talk to.
// This one starts Asterisk, and the packages below it a browser, an LDAP server,
// an XMPP server and a mail server: each test gets an instance of its own, with
// its own configuration folder and its own port on 127.0.0.1, needs no root to
// run it, and cannot leave it behind.
//
// A missing program skips the test, with a message that says so;
// where PBXUSERS_REQUIRE_TESTSERVERS is 1, as `make test` sets it, it fails the test.
// `make testservers` installs what is missing.
package testservers

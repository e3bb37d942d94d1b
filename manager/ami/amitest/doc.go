// Package amitest is a fake Asterisk Manager Interface, for the tests of
// programs that use package ami. It answers logins, privileges and the common
// actions as Asterisk does, and everything else as it is told: it can be slow,
// send events, cut the line in the middle of a message, talk nonsense, and
// restart.
//
// [NewServer] listens on 127.0.0.1 with a port of its own. It is no Asterisk:
// nothing is parsed, dialled or stored.
package amitest

// Package amitest is a fake Asterisk Manager Interface for tests of programs
// that use package ami. It answers logins, privileges and common actions like
// Asterisk. Handlers replace any answer: the server can be slow, send events,
// cut the connection in the middle of a message, send nonsense, and restart.
//
// [NewServer] listens on 127.0.0.1 with its own port. It does not parse, dial
// or store anything.
package amitest

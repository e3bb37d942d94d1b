// Package servertest runs the whole reference server for a test: with its own
// database, pages and API on a free port of 127.0.0.1 and, if a test needs it, a
// real Asterisk. It is for tests only.
package servertest

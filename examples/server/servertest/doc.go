// Package servertest runs the whole reference server for a test: a database
// of its own, pages and API on a free port of 127.0.0.1, and, where a test
// needs one, a real Asterisk. It is for tests only.
package servertest

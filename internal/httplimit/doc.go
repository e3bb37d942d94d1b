// Package httplimit bounds what clients can make an HTTP server hold: connections, and
// the bytes of bodies that it has not answered yet.
package httplimit

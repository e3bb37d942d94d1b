// Package extauth implements the external authentication of XMPP servers: the
// protocol of ejabberd, which other servers use too, and the line-based protocol
// of Prosody.
//
// An XMPP server starts a program and writes requests to its standard input. Such a
// program passes a [userman.Service] to [New], and calls [Server.Serve] with its
// standard input and output. The log must go elsewhere.
//
// # Requests
//
// A request is "auth:USER:DOMAIN:PASSWORD", where the password may contain colons,
// or "isuser:USER:DOMAIN". All others are rejected: setpass, tryregister,
// removeuser and removeuser3, because an XMPP server must not change users. USER can have
// the escapes of XEP-0106: a server cannot write the @ of jane@acme.com there, and
// writes jane\40acme.com.
//
// ejabberd writes the length of a request before it, in two bytes in big-endian
// order. The answer has the same form: 0, 2, 0, and then 1 for yes or 0 for no.
// Prosody ends a request with a line break, and so does the answer: 1 or 0.
package extauth

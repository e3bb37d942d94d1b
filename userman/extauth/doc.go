// Package extauth implements the external authentication of XMPP servers: the
// protocol of ejabberd, which other servers use too, and the line-based protocol
// of Prosody.
//
// An XMPP server starts a program and writes requests to its standard input. Such a
// program passes a [userman.Service] to [New], and calls [Server.Serve] with its
// standard input and output. It must not log there.
//
// # Requests
//
// A request is "auth:USER:DOMAIN:PASSWORD" or "isuser:USER:DOMAIN". PASSWORD may
// contain colons. The server rejects other requests, such as setpass, tryregister,
// removeuser and removeuser3, because an XMPP server must not change users. USER may
// contain the escapes of XEP-0106, because the local part of an XMPP address cannot
// contain an @. For the user jane@acme.com, USER is jane\40acme.com.
//
// ejabberd writes the length of a request before it, as two bytes in big-endian
// order. The answer has the same form: the bytes 0, 2, 0, and then 1 for yes or 0 for
// no. Prosody ends a request with a line break. The answer is a line with 1 or 0.
package extauth
